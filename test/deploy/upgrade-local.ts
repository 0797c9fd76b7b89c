import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { SENDER_DOMAIN } from '../flows/sender-domain.ts';
import { startLocalTarget } from '../flows/target.ts';
import type { Target } from '../flows/target-interface.ts';
import { shortVisibility } from '../helpers/short-visibility.ts';
import { startAndWait, stop } from './child-process.ts';
import { clockAhead } from './live.ts';
import { step } from './progress.ts';
import { AHEAD_SECONDS, type Backlog, checkDrained, checkLater, fill } from './upgrade-mail.ts';

/** Few workers and a slow SES, so that the release is stopped with jobs in every place: waiting, delayed, in a worker's hands. */
const SLOW = ['--ses-latency', '1500', '-c', 'maxConcurrency=2', '-c', 'sendTimeoutSeconds=10'];
const START_WITHIN_MS = 60_000;

/** Lets the previous release keep its state in a directory, and this one start on it. */
export async function upgradeLocal(previousDirectory: string, scratchDirectory: string): Promise<void> {
  const dataDirectory = join(scratchDirectory, 'local-data');
  const backlog = await step('npm start -- --data of the previous release, filled with mail and stopped', () =>
    fillPrevious(previousDirectory, dataDirectory),
  );
  await withTarget(dataDirectory, {}, (target) =>
    step('this release sends what waited', () => checkDrained(target, backlog), String),
  );
  await withClockAhead(AHEAD_SECONDS, (functionEnvironment) =>
    withTarget(dataDirectory, functionEnvironment, (target) =>
      step('it sends what is due later', () => checkLater(target, backlog)),
    ),
  );
  rmSync(dataDirectory, { recursive: true, force: true });
}

async function fillPrevious(directory: string, dataDirectory: string): Promise<Backlog> {
  const args = ['bin/local.ts', '--data', dataDirectory, '--json', '--port', '0', '--verified', SENDER_DOMAIN, ...SLOW];
  const { child, line } = await startAndWait(process.execPath, args, {
    cwd: directory,
    env: process.env as Record<string, string>,
    isReady: (text) => text.startsWith('{"url"'),
    withinMs: START_WITHIN_MS,
  });
  try {
    const { url, apiKey } = JSON.parse(line);
    // It cannot hold jobs back; that it is slow has the same effect.
    return await fill({ url, apiKey }, async () => {});
  } finally {
    await stop(child);
  }
}

async function withTarget(
  dataDirectory: string,
  functionEnvironment: Record<string, string>,
  work: (target: Target) => Promise<unknown>,
): Promise<void> {
  // Jobs that the stopped release had in hand come back when its visibility timeout of a minute is over; new ones sooner.
  const target = await startLocalTarget({ dataDirectory, functionEnvironment, overrides: shortVisibility });
  try {
    await work(target);
  } finally {
    await target.close();
  }
}

/** The cloud's own clock goes with its functions': it tells them by when they must be done. */
async function withClockAhead(
  seconds: number,
  work: (functionEnvironment: Record<string, string>) => Promise<void>,
): Promise<void> {
  const now = Date.now;
  Date.now = () => now() + seconds * 1000;
  try {
    await work({ NODE_OPTIONS: clockAhead(seconds) });
  } finally {
    Date.now = now;
  }
}
