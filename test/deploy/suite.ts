import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './child-process.ts';
import type { Deployment } from './deployed-target.ts';
import type { Emulator } from './emulator.ts';
import { tell } from './progress.ts';

/** An emulator that starts a process for each cold start is slower than ours; what waits for a lost job, by 9 s. */
const TEST_TIMEOUT_MS = 90_000;

/** Runs files of the end-to-end suite on a deployment, in a process of their own, and answers vitest's count. */
export async function runSuite(
  deployment: Deployment,
  { env }: Emulator,
  { rootDirectory, scratchDirectory }: { rootDirectory: string; scratchDirectory: string },
  files: readonly string[],
): Promise<string> {
  const file = join(scratchDirectory, 'deployment.json');
  writeFileSync(file, JSON.stringify(deployment));
  const vitest = join(rootDirectory, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [`--testTimeout=${TEST_TIMEOUT_MS}`, '--reporter=verbose', '--no-color'];
  // One after the other: what is verified in SES, and which jobs are left, is the whole deployment's.
  const output = await run(process.execPath, [vitest, 'run', ...files, '--no-file-parallelism', ...args], {
    cwd: rootDirectory,
    env: { ...env, SENDOFF_DEPLOYMENT: file, NO_COLOR: '1', ...(deployment.redis ? { FLOWS_BACKEND: 'redis' } : {}) },
    onLine: (line) => /^\s*[✓×↓]/.test(line) && tell(`        ${line.trim()}`),
  });
  return /^\s*Tests\s+(.*)$/m.exec(output)?.[1] ?? '';
}
