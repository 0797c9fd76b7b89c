import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { SENDER_DOMAIN } from '../flows/sender-domain.ts';
import { startLocalTarget } from '../flows/target.ts';
import type { Target } from '../flows/target-interface.ts';
import { shortVisibility } from '../helpers/short-visibility.ts';
import { startAndWait, stop } from './child-process.ts';
import { clockAhead } from './live.ts';
import { step } from './progress.ts';
import { AHEAD_SECONDS, type Backlog, checkBacklog, checkLater, fill } from './upgrade-mail.ts';

/** Low concurrency and a slow SES, so that the release is stopped while it has jobs in every state: waiting, delayed, in flight. */
const SLOW = ['--ses-latency', '1500', '-c', 'maxConcurrency=2', '-c', 'sendTimeoutSeconds=60'];
const START_WITHIN_MS = 60_000;

/** Runs the previous release with its state in a directory, then this release with the same state. */
export async function upgradeLocal(previousDirectory: string, scratchDirectory: string): Promise<void> {
  const dataDirectory = join(scratchDirectory, 'local-data');
  const backlog = await step(
    'npm start -- --data of the previous release, with a backlog of emails, then stopped',
    () => fillPrevious(previousDirectory, dataDirectory),
  );
  await withTarget(dataDirectory, {}, (target) =>
    step('this release sends the backlog', () => checkBacklog(target, backlog), String),
  );
  await withClockAhead(AHEAD_SECONDS, (functionEnvironment) =>
    withTarget(dataDirectory, functionEnvironment, (target) =>
      step('it sends emails that are due later', () => checkLater(target, backlog)),
    ),
  );
  rmSync(dataDirectory, { recursive: true, force: true });
}

async function fillPrevious(directory: string, dataDirectory: string): Promise<Backlog> {
  const options = ['--data', dataDirectory, '--json', '--port', '0', '--verified', SENDER_DOMAIN, ...SLOW];
  // Each release has its own start script.
  const { child, line } = await startAndWait('npm', ['start', '--silent', '--', ...options], {
    cwd: directory,
    env: process.env as Record<string, string>,
    isReady: (text) => text.startsWith('{"url"'),
    withinMs: START_WITHIN_MS,
  });
  try {
    const { url, apiKey } = JSON.parse(line);
    // The local cloud cannot hold jobs back; that it is slow has the same effect.
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
  // Jobs that were in flight are visible after the previous release's visibility timeout of six minutes; new ones sooner.
  const target = await startLocalTarget({ dataDirectory, functionEnvironment, overrides: shortVisibility });
  try {
    await work(target);
  } finally {
    await target.close();
  }
}

/** Sets the clock of this process ahead too: the local cloud gives the functions their deadlines. */
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
