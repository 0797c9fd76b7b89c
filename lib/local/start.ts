import { rmSync } from 'node:fs';
import type { Synthesis } from '../synth.ts';
import { type LocalSendoff, type RunOptions, runSendoff } from './run.ts';
import { localConfig } from './secret.ts';

export type { LocalSendoff };

export interface LocalSendoffOptions extends Omit<RunOptions, 'template' | 'assetDirectory'> {
  /** Deployment options, as `-c name=value` gives them to the CDK. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** A stack that is synthesized already, with the options of `config`. */
  readonly synthesis?: Synthesis;
}

/** Synthesizes our own stack in this process, and runs it on the local cloud: for tests, benchmarks and the demo. */
export async function startLocalSendoff(given: LocalSendoffOptions = {}): Promise<LocalSendoff> {
  const { config = {}, synthesis, ...options } = given;
  const { template, assemblyDirectory } = synthesis ?? (await synthesized(config));
  const removeAssembly = () => {
    if (!synthesis) rmSync(assemblyDirectory, { recursive: true, force: true });
  };
  try {
    const started = await runSendoff({ ...options, template, assetDirectory: assemblyDirectory });
    const close = async () => {
      await started.cloud.close();
      removeAssembly();
    };
    return { ...started, cloud: { ...started.cloud, close } };
  } catch (error) {
    removeAssembly();
    throw error;
  }
}

/** The CDK is imported only here: it takes a second. */
async function synthesized(config: Readonly<Record<string, unknown>>): Promise<Synthesis> {
  const { synthesize } = await import('../synth.ts');
  return synthesize(localConfig(config));
}
