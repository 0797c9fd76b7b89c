import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localConfig } from '../../lib/local/secret.ts';
import { type LocalSendoff, type LocalSendoffOptions, startLocalSendoff } from '../../lib/local/start.ts';
import type { Synthesis } from '../../lib/synth.ts';

/**
 * Starts Sendoff on the local cloud. Stacks with the same options are synthesized once a run of the tests, as their functions are
 * bundled once (bundles-of-one-run.ts), and the files that start one need not import the CDK. A stack with tasks is synthesized each
 * time: the files of the tasks may change.
 */
export async function startSendoff(options: LocalSendoffOptions): Promise<LocalSendoff> {
  const { SENDOFF_BUNDLES: directory } = process.env;
  const config = localConfig(options.config ?? {});
  if (!directory || options.synthesis || 'tasks' in config) return startLocalSendoff(options);
  return startLocalSendoff({ ...options, synthesis: await synthesisIn(directory, config) });
}

async function synthesisIn(directory: string, config: Readonly<Record<string, unknown>>): Promise<Synthesis> {
  const file = join(directory, `stack-${createHash('sha256').update(JSON.stringify(config)).digest('hex')}`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const { synthesize } = await import('../../lib/synth.ts');
  const synthesis = synthesize(config, mkdtempSync(join(directory, 'assembly-')));
  // Another worker may read it at any time.
  const own = `${file}-${randomUUID()}`;
  writeFileSync(own, JSON.stringify(synthesis));
  renameSync(own, file);
  return synthesis;
}
