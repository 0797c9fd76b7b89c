import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endAll, run } from './child-process.ts';
import { openEmulator } from './emulator.ts';
import { part, step, summary, tell } from './progress.ts';
import { changedCopy, type PreviousRelease, previousRelease } from './sources.ts';
import { upgradeDeployed } from './upgrade-deployed.ts';
import { upgradeLocal } from './upgrade-local.ts';
import { runVariants } from './variant-run.ts';
import { variants } from './variants.ts';

const rootDirectory = join(import.meta.dirname, '..', '..');
const scratchDirectory = mkdtempSync(join(tmpdir(), 'deploy-test-'));
// Assemblies that are synthesized in this process go there too.
process.env.TMPDIR = scratchDirectory;
process.once('exit', () => {
  // For an error that nobody expected; who is told to end has waited for the children already.
  void endAll();
  rmSync(scratchDirectory, { recursive: true, force: true, maxRetries: 5 });
});
const endEarly = () => void endAll().finally(() => process.exit(1));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, endEarly);
// npm that is told to end ends its shell, which tells nobody.
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.ppid === parent) return;
  clearInterval(watch);
  endEarly();
}, 500).unref();

/** `npm run test:deploy -- NAME…` runs only the parts whose names contain one of these. */
const wanted = process.argv.slice(2);
const isWanted = (name: string) => wanted.length === 0 || wanted.some((text) => name.includes(text));

/** Tells the process for upgrade-local what this one has taken out of git already. */
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
    tell('No release before this commit is tagged here: the upgrades are from HEAD to other code.');
  else tell(`The upgrades are from ${previous.name}.`);
  const local = isWanted('upgrade-local') ? startUpgradeLocal() : undefined;
  await part('Emulator', withEmulator);
  if (local) await part("Upgrade of the local cloud's state (ran beside the others)", () => endUpgradeLocal(local));
}
// What a part that failed left running.
await endAll();
process.exitCode = summary() ? 0 : 1;

/** Beside the others, for it mostly waits; in a process of its own, for it sets the clock. */
function startUpgradeLocal(): Promise<string> {
  const env = { ...(process.env as Record<string, string>), DEPLOY_TEST_PREVIOUS: JSON.stringify(previous) };
  const options = { cwd: rootDirectory, env, endedBy: 'SIGTERM' } as const;
  const output = run(process.execPath, [import.meta.filename, 'upgrade-local'], options);
  // Told at the end.
  output.catch(() => {});
  return output;
}

async function endUpgradeLocal(local: Promise<string>): Promise<void> {
  const output = await step('npm run test:deploy -- upgrade-local', () => local);
  for (const line of output.split('\n').filter((text) => text.startsWith('  '))) tell(`      ${line}`);
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
