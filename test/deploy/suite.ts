import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './child-process.ts';
import type { Deployment } from './deployed-target.ts';
import type { Emulator } from './emulator.ts';
import { print } from './progress.ts';

/** Longer than on the local cloud: cold starts are slower, and tests of lost jobs wait 9 s for them. */
const TEST_TIMEOUT_MS = 90_000;

/** Runs files of the end-to-end suite on a deployment in another process, and returns vitest's count. */
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
  // No parallel files: the identities in SES and the jobs in the queues belong to the whole deployment.
  const output = await run(process.execPath, [vitest, 'run', ...files, '--no-file-parallelism', ...args], {
    cwd: rootDirectory,
    env: { ...env, SENDOFF_DEPLOYMENT: file, NO_COLOR: '1', ...(deployment.redis ? { FLOWS_BACKEND: 'redis' } : {}) },
    onLine: (line) => /^\s*[✓×↓]/.test(line) && print(`        ${line.trim()}`),
  });
  return /^\s*Tests\s+(.*)$/m.exec(output)?.[1] ?? '';
}
