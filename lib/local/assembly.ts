import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localAccountId } from './cloud/base.ts';
import type { Template } from './cloud/template.ts';
import { findSendoffs } from './find-sendoffs.ts';

/** A stack that a CDK app synthesized. */
export interface SynthesizedStack {
  /** As CloudFormation knows it. */
  readonly name: string;
  /** As `cdk deploy` takes it: below a stage `Stage/Stack`. */
  readonly displayName: string;
  readonly template: Template;
  /** Undefined when the app leaves it to the deployment. */
  readonly region: string | undefined;
  /** Where its assets are. */
  readonly assemblyDirectory: string;
}

interface Manifest {
  readonly artifacts?: Readonly<Record<string, Artifact>>;
  readonly missing?: readonly { readonly key: string }[];
}

interface Artifact {
  readonly type: string;
  readonly environment?: string;
  readonly displayName?: string;
  readonly properties?: {
    readonly templateFile?: string;
    readonly stackName?: string;
    readonly directoryName?: string;
  };
}

/** All stacks of a cloud assembly (cdk.out), those of its stages too. */
export function readAssembly(directory: string): SynthesizedStack[] {
  const file = join(directory, 'manifest.json');
  if (!existsSync(file))
    throw new Error(`The app made no cloud assembly: ${file} is not there. Does it end with app.synth()?`);
  const { artifacts = {}, missing = [] }: Manifest = JSON.parse(readFileSync(file, 'utf8'));
  if (missing.length > 0) {
    const keys = missing.map(({ key }) => key).join(', ');
    throw new Error(
      `The app looks things up in an AWS account (${keys}): run \`npx cdk synth\` once, which keeps them in cdk.context.json.`,
    );
  }
  return Object.entries(artifacts).flatMap(([id, artifact]) => {
    const { type, properties = {} } = artifact;
    if (type === 'cdk:cloud-assembly' && properties.directoryName)
      return readAssembly(join(directory, properties.directoryName));
    return type === 'aws:cloudformation:stack' ? [readStack(directory, id, artifact)] : [];
  });
}

function readStack(
  directory: string,
  id: string,
  { environment = '', displayName, properties = {} }: Artifact,
): SynthesizedStack {
  const [, account = '', region = ''] = /^aws:\/\/([^/]+)\/(.+)$/.exec(environment) ?? [];
  const text = readFileSync(join(directory, properties.templateFile ?? `${id}.template.json`), 'utf8');
  const name = properties.stackName ?? id;
  return {
    name,
    displayName: displayName ?? name,
    // The local cloud is an account of its own: an app that is bound to one names that in ARNs.
    template: JSON.parse(/^\d{12}$/.test(account) ? text.replaceAll(account, localAccountId) : text),
    region: region === '' || region.startsWith('unknown-') ? undefined : region,
    assemblyDirectory: directory,
  };
}

/** The stack to run: the one that is named, or the only one with a Sendoff. Throws when that is not one, or when it cannot run alone. */
export function chooseStack(stacks: readonly SynthesizedStack[], wanted?: string): SynthesizedStack {
  const found = wanted
    ? stacks.filter(({ name, displayName }) => wanted === name || wanted === displayName)
    : stacks.filter(({ template }) => findSendoffs(template).length > 0);
  const [only] = found;
  if (!only || found.length > 1) throw new Error(objection(stacks, found, wanted));
  const imports = [...new Set(JSON.stringify(only.template).match(/Fn::(ImportValue|GetStackOutput)/g))];
  if (imports.length > 0)
    throw new Error(
      `The stack ${only.displayName} takes values from another stack (${imports.join(', ')}). The local cloud runs one stack: for it, put both in one.`,
    );
  return only;
}

function objection(
  stacks: readonly SynthesizedStack[],
  found: readonly SynthesizedStack[],
  wanted: string | undefined,
): string {
  const names = (some: readonly SynthesizedStack[]) => some.map(({ displayName }) => displayName).join(', ');
  if (wanted) return `The app has no stack ${wanted}. Its stacks: ${names(stacks)}`;
  if (found.length === 0) return `No stack of the app has a Sendoff in it. Its stacks: ${names(stacks) || 'none'}`;
  return `${found.length} stacks of the app have a Sendoff, and the local cloud runs one stack. Say which: ${found.map(({ displayName }) => `--stack ${displayName}`).join(' or ')}`;
}
