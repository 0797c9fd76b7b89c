import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endAll, run } from './child-process.ts';
import { openEmulator } from './emulator.ts';
import { part, print, step, summary } from './progress.ts';
import { changedCopy, type PreviousRelease, previousRelease } from './sources.ts';
import { upgradeDeployed } from './upgrade-deployed.ts';
import { upgradeLocal } from './upgrade-local.ts';
import { runVariants } from './variant-run.ts';
import { variants } from './variants.ts';

const rootDirectory = join(import.meta.dirname, '..', '..');
const scratchDirectory = mkdtempSync(join(tmpdir(), 'deploy-test-'));
// Assemblies that are synthesized in this process are written there too.
process.env.TMPDIR = scratchDirectory;
process.once('exit', () => {
  // After an unexpected error. After a signal the children have ended already.
  void endAll();
  rmSync(scratchDirectory, { recursive: true, force: true, maxRetries: 5 });
});
const endEarly = () => void endAll().finally(() => process.exit(1));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, endEarly);
// When npm gets a signal it ends its shell, and this process gets no signal.
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(watch);
  endEarly();
}, 500).unref();

/** `npm run test:deploy -- NAME…` runs only the parts whose names contain one of these. */
const wanted = process.argv.slice(2);
const isWanted = (name: string) => wanted.length === 0 || wanted.some((text) => name.includes(text));

/** Set for the process of upgrade-local: the previous release that this process has extracted from git. */
const { DEPLOY_TEST_PREVIOUS } = process.env;
const previous: PreviousRelease = DEPLOY_TEST_PREVIOUS
  ? JSON.parse(DEPLOY_TEST_PREVIOUS)
  : await previousRelease(rootDirectory, join(scratchDirectory, 'previous'));

const [only] = wanted;
if (only === 'upgrade-local' && wanted.length === 1) {
  await part(`Upgrade of the local cloud's state from ${previous.name} (upgrade-local)`, () =>
    upgradeLocal(previous.directory, scratchDirectory),
  );
} else {
  if (previous.name === 'HEAD')
    print('No release before this commit is tagged here: the upgrades are from HEAD to other code.');
  else print(`The upgrades are from ${previous.name}.`);
  const local = isWanted('upgrade-local') ? startUpgradeLocal() : undefined;
  await part('Emulator', withEmulator);
  if (local) await part("Upgrade of the local cloud's state (ran at the same time)", () => endUpgradeLocal(local));
}
// A part that failed may have left processes running.
await endAll();
process.exitCode = summary() ? 0 : 1;

/** Runs upgrade-local at the same time as the other parts, because it mostly waits, and in another process, because it sets the clock. */
function startUpgradeLocal(): Promise<string> {
  const env = { ...(process.env as Record<string, string>), DEPLOY_TEST_PREVIOUS: JSON.stringify(previous) };
  const options = { cwd: rootDirectory, env, endedBy: 'SIGTERM' } as const;
  const output = run(process.execPath, [import.meta.filename, 'upgrade-local'], options);
  // endUpgradeLocal reports the error.
  output.catch(() => {});
  return output;
}

async function endUpgradeLocal(local: Promise<string>): Promise<void> {
  const output = await step('npm run test:deploy -- upgrade-local', () => local);
  for (const line of output.split('\n').filter((text) => text.startsWith('  '))) print(`      ${line}`);
}

async function withEmulator(): Promise<void> {
  const changedDirectory = await changedCopy(rootDirectory, join(scratchDirectory, 'changed'));
  const emulator = await openEmulator(rootDirectory, scratchDirectory);
  try {
    const sources = { rootDirectory, changedDirectory, scratchDirectory };
    await runVariants(
      emulator,
      variants.filter(({ name }) => isWanted(name)),
      sources,
    );
    if (isWanted('upgrade-deployed'))
      await part(`Upgrade of a deployed stack from ${previous.name} (upgrade-deployed)`, () =>
        upgradeDeployed(emulator, {
          previousDirectory: previous.directory,
          // An upgrade to the same release would change nothing.
          currentDirectory: previous.name === 'HEAD' ? changedDirectory : rootDirectory,
        }),
      );
  } finally {
    await emulator.close();
  }
}
