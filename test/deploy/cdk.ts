import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from '../../lib/synth.ts';
import { accountId, region } from './aws-clients.ts';
import { run } from './child-process.ts';

/** The CDK's command line on an emulator. */
export interface Cdk {
  bootstrap(): Promise<void>;
  /** Deploys the stack of the sources in this directory with these options, and returns its outputs. */
  deploy(sourceDirectory: string, config: StackConfig): Promise<Record<string, string>>;
  /** Deletes the stack of this stage. */
  destroy(config: StackConfig): Promise<void>;
}

/** Options as `-c` gives them. Each stage is a stack of its own. */
export type StackConfig = Readonly<Record<string, string>>;

/** The CDK of this checkout, which also deploys sources of other releases: the CDK is not what is tested. */
export function createCdk(options: {
  rootDirectory: string;
  scratchDirectory: string;
  env: Readonly<Record<string, string>>;
  /** Changes a template that the emulator would refuse. */
  adapt: (template: Template) => void;
}): Cdk {
  const { rootDirectory, scratchDirectory, env, adapt } = options;
  const cli = join(rootDirectory, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const assemblyOf = ({ stage = 'default' }: StackConfig) => join(scratchDirectory, `cdk.out.${stage}`);
  const outputsFile = join(scratchDirectory, 'outputs.json');
  const cdk = (cwd: string, ...args: string[]) => run(process.execPath, [cli, ...args, '--no-notices'], { cwd, env });
  // In a directory without cdk.json: the CDK would synthesize its app.
  const cdkOn = (assembly: string, ...args: string[]) => cdk(scratchDirectory, ...args, '--app', assembly);
  return {
    bootstrap: async () => void (await cdk(scratchDirectory, 'bootstrap', `aws://${accountId}/${region}`)),
    deploy: async (sourceDirectory, config) => {
      const flags = Object.entries(config).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      const assembly = assemblyOf(config);
      rmSync(assembly, { recursive: true, force: true });
      await cdk(sourceDirectory, 'synth', '--quiet', '--output', assembly, ...flags);
      for (const file of globSync('*.template.json', { cwd: assembly })) adaptFile(join(assembly, file), adapt);
      await cdkOn(assembly, 'deploy', '--require-approval', 'never', '--outputs-file', outputsFile);
      const stacks: Record<string, Record<string, string>> = JSON.parse(readFileSync(outputsFile, 'utf8'));
      const [outputs] = Object.values(stacks);
      if (!outputs) throw new Error('The stack has no outputs');
      return outputs;
    },
    destroy: async (config) => void (await cdkOn(assemblyOf(config), 'destroy', '--force', '--all')),
  };
}

function adaptFile(file: string, adapt: (template: Template) => void): void {
  const template: Template = JSON.parse(readFileSync(file, 'utf8'));
  adapt(template);
  writeFileSync(file, JSON.stringify(template));
}
