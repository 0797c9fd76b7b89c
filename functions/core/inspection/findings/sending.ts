import { sendingReport } from '../../pacing/report.ts';
import type { SendingState } from '../../pacing/sending-state.ts';
import type { QueueDepth } from '../../ports/inspection.ts';
import { queuesOf } from '../../queues.ts';
import { duration, timeOf } from '../../wording.ts';
import type { Finding, StateCheck } from './finding.ts';

const check = 'sending';
/** The state is read once a minute; after this time nobody reads it any more. */
const STALE_MS = 5 * 60_000;
/** Younger jobs may be the first for a long time. */
const WAITING_MS = 60_000;
/** The quotas of an account in the sandbox. */
const SANDBOX = { max24Hours: 200, ratePerSecond: 1 };

const QUOTA_ADVICE =
  'the quota frees itself within 24 hours, and the emails are then sent; ask for more in Service Quotas (Amazon SES, sending quota), in the sandbox for production access';
const PAUSE_ADVICE =
  'SES has written to the account why; see "Account health" in its console, and whether the configuration set sends; the emails wait, and are sent soon after sending is resumed';

/** Examines what the deployment knows about the account: whether it sends, its rate and its quota. */
export const sendingState: StateCheck = {
  name: check,
  examine: async ({ sending, depths, nowMs }) => {
    const state = await sending();
    if (!state) return [{ check, level: 'ok', text: 'SES has not been asked for its quotas yet' }];
    const stale = nowMs - state.readAtMs > STALE_MS && emailsWait(await depths());
    return [...(stale ? [unread(state, nowMs)] : []), finding(state, nowMs)];
  },
};

function finding(state: SendingState, nowMs: number): Finding {
  const { held, heldSinceMs, heldReason, max24Hours, ratePerSecond } = state;
  const known = quotas(state, nowMs);
  if (held) {
    const since = heldSinceMs === undefined ? '' : ` since ${timeOf(heldSinceMs)} (${duration(nowMs - heldSinceMs)})`;
    const why = heldReason ?? (held === 'quota' ? 'the daily quota of SES is used up' : 'SES has paused sending');
    const text = `nothing is sent${since}: ${why}; ${known}`;
    return { check, level: 'problem', text, advice: held === 'quota' ? QUOTA_ADVICE : PAUSE_ADVICE };
  }
  if (sendingReport(state).held)
    return {
      check,
      level: 'warning',
      text: `bulk email waits: the rest of the daily quota is for transactional email; ${known}`,
      advice: QUOTA_ADVICE,
    };
  if (max24Hours >= 0 && max24Hours <= SANDBOX.max24Hours && ratePerSecond <= SANDBOX.ratePerSecond)
    return {
      check,
      level: 'warning',
      text: `${known}; this looks like the sandbox, where only verified addresses get mail`,
      advice: 'ask for production access in the SES console, under Get set up',
    };
  return { check, level: 'ok', text: known };
}

function quotas({ ratePerSecond, max24Hours, sent24Hours, readAtMs }: SendingState, nowMs: number): string {
  const rate = `${ratePerSecond} ${ratePerSecond === 1 ? 'recipient' : 'recipients'} a second`;
  const left = Math.max(0, Math.round(max24Hours - sent24Hours));
  const quota =
    max24Hours < 0 ? 'no daily quota' : `${Math.round(sent24Hours)} of ${max24Hours} used in 24 hours, ${left} left`;
  return `${rate}, ${quota} (as of ${duration(nowMs - readAtMs)} ago)`;
}

function unread({ readAtMs }: SendingState, nowMs: number): Finding {
  return {
    check,
    level: 'problem',
    text: `emails wait, and nobody has asked SES for its quotas for ${duration(nowMs - readAtMs)}: the function that runs once a minute does not run, or fails`,
    advice:
      'its log: sendoff tail --since 1h --only schedule (backend=redis: --only watchdog); its rule in EventBridge must be enabled',
  };
}

/** True while jobs that send email are due and have not been done for a minute, where the broker tells how long. */
function emailsWait(depths: readonly QueueDepth[]): boolean {
  const mailQueues = new Set<string>(queuesOf('send'));
  return depths.some(
    ({ queue, waiting, running, oldestMs = Number.POSITIVE_INFINITY }) =>
      mailQueues.has(queue) && waiting + running > 0 && oldestMs > WAITING_MS,
  );
}
