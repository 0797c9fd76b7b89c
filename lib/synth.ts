import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib/core';
import { configFromContext } from './config.ts';
import type { Template, TemplateResource } from './local/cloud/template.ts';
import { SendoffStack } from './sendoff-stack.ts';

export type { Template, TemplateResource };

export interface Synthesis {
  readonly stackName: string;
  readonly template: Template;
  /** The cloud assembly: the bundle whose S3Key in the template is `<hash>.zip` is the directory `asset.<hash>` in it. */
  readonly assemblyDirectory: string;
}

/**
 * Synthesizes the stack with these options of lib/config.ts, in this process: the template is that of `cdk synth` with the same options, without the CLI's start.
 * Writes the assembly into `assemblyDirectory`, by default a temporary one that goes away with this process. `extend` may add to the stack.
 * Throws a ConfigError if an option is not known or out of range, esbuild's error if a function does not build.
 */
export function synthesize(
  config: Readonly<Record<string, unknown>> = {},
  assemblyDirectory = temporaryDirectory(),
  extend: (stack: SendoffStack) => void = () => {},
): Synthesis {
  const app = new App({
    outdir: assemblyDirectory,
    analyticsReporting: false,
    // Takes as long as all the rest and changes nothing in the template; `cdk synth` does it.
    builtinCloudFormationValidation: false,
    context: { ...featureFlags(), ...config },
  });
  const stack = new SendoffStack(app, configFromContext(app.node.getAllContext()));
  extend(stack);
  const { template } = app.synth().getStackArtifact(stack.artifactId);
  return { stackName: stack.stackName, template, assemblyDirectory };
}

/** The CLI passes cdk.json's context to the app it starts; without the CLI no one does. */
function featureFlags(): Record<string, unknown> {
  const { context } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'cdk.json'), 'utf8'));
  return context;
}

let scratchDirectory: string | undefined;

/** In one directory for this process, so that its end has one thing to take away. */
function temporaryDirectory(): string {
  scratchDirectory ??= createScratchDirectory();
  return mkdtempSync(join(scratchDirectory, 'assembly-'));
}

function createScratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sendoff-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
