import type { SendingAccount } from '../ports/sending-account.ts';
import type { Table } from '../ports/table.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { QueueName } from '../queues.ts';
import { Postponed } from '../task/task.ts';

/** Why nothing is sent for now: the quota of 24 hours is used up, or sending is paused. */
export type HoldCause = 'quota' | 'paused';

/**
 * The document `sending`: what the provider lets this account send, and whether it sends at all. Times are epoch ms; rates and
 * quotas count recipients.
 */
export type SendingState = {
  /** When the provider was asked last. */
  readonly readAtMs: number;
  readonly ratePerSecond: number;
  /** -1: no limit. */
  readonly max24Hours: number;
  readonly sent24Hours: number;
  readonly held?: HoldCause;
  readonly heldSinceMs?: number;
  /** The provider's words. */
  readonly heldReason?: string;
  /** When one email may be tried, to see whether the hold is over. */
  readonly probeAtMs?: number;
};

export const SENDING_KEY = 'sending';

/** Workers know a change after this time. */
const CACHE_MS = 30_000;
/** The provider is asked once in this time, by whoever notices first. */
const READ_EVERY_MS = 55_000;
/** Beside a schedule that asks, a worker asks itself only when nobody has for so long. */
export const SCHEDULE_STOPPED_MS = 180_000;
/** One email is tried in this time while nothing is sent. */
const PROBE_EVERY_MS = 60_000;
/** The share of the quota of 24 hours that bulk leaves for transactional email. */
export const TRANSACTIONAL_SHARE = 0.05;
/** In the sandbox a quota of 200 lasts so long at 1 a second. */
const SHORTEST_DAY_SECONDS = 200;
/**
 * The wait of a job during a pause, in seconds: as long as the pause has lasted, from a minute to SQS's longest delay. For a quota
 * it is the longest: room comes back bit by bit, and many jobs that came back for each bit would cost more than the emails.
 */
const LEAST_HOLD_SECONDS = 60;
const MOST_HOLD_SECONDS = 840;
/** Waiting jobs come back at the same moments, so that their batches are full: single ones would cost ten times as much. */
const TOGETHER_MS = 60_000;
/** The pace of the one email that is tried during a hold: slow enough that no other shares its reservation. */
const PROBE_RATE = 1;

export interface SendingDependencies {
  readonly table: Table;
  readonly account: SendingAccount;
  /** The most recipients a second that this deployment may use; absent: all that the account has. */
  readonly maxRatePerSecond?: number | undefined;
  /** The age of the stored quotas, in ms, at which a worker asks the provider itself; a minute if absent. */
  readonly staleMs?: number;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Logger;
  /** Called with the state after each time that the provider was asked: about once a minute in a deployment. */
  readonly onRead?: (state: SendingState) => void;
}

/** The view of a process on what the account may send. */
export interface Sending {
  /** Recipients a second. Rejects with Postponed while no email of this queue may be sent. */
  rate(queue: QueueName): Promise<number>;
  /** Notes that the provider sends nothing for now; answers the Postponed for the job. */
  hold(cause: HoldCause, reason: string): Promise<Postponed>;
  /** Notes that the provider took an email: a hold that this worker knows of is over. */
  sent(): Promise<void>;
  /**
   * The most emails of this queue that are worth taking: while nothing is sent none, and one when it is time to probe. It is the state
   * as this process last saw it; `look` renews that.
   */
  mostToTake(queue: QueueName): number;
  /** Reads the state unless that was done within half a minute. Never rejects. */
  look(): Promise<void>;
  /** Asks the provider for the quotas, unless that was done within the last minute; answers the state. */
  refresh(): Promise<SendingState>;
}

/** Why no email of this queue may be sent now; undefined if it may. */
export function holdCause(state: SendingState, queue: QueueName, nowMs: number): HoldCause | undefined {
  const { held, readAtMs, ratePerSecond, max24Hours, sent24Hours } = state;
  if (held) return held;
  if (queue !== 'bulk' || max24Hours < 0) return undefined;
  // A small quota can be used up before it is read again. No account has a higher rate for its quota than the smallest one.
  const mostPerSecond = Math.min(ratePerSecond, max24Hours / SHORTEST_DAY_SECONDS);
  const sentSince = (mostPerSecond * Math.max(0, nowMs - readAtMs)) / 1_000;
  const left = max24Hours - sent24Hours - sentSince;
  return left <= max24Hours * TRANSACTIONAL_SHARE ? 'quota' : undefined;
}

/** True when an email may be tried in a pause. Not for a quota: it is read once a minute, which shows when it has room again. */
const isProbeDue = ({ held, probeAtMs = 0 }: SendingState, nowMs: number): boolean =>
  held === 'paused' && probeAtMs <= nowMs;

/** Makes the view of a process on the account. */
export function createSending(dependencies: SendingDependencies): Sending {
  const { table, account, staleMs = READ_EVERY_MS, now, random, log } = dependencies;
  const { maxRatePerSecond = Number.POSITIVE_INFINITY } = dependencies;
  let state: SendingState | undefined;
  let seenAtMs = 0;

  const see = (seen: SendingState): SendingState => {
    [state, seenAtMs] = [seen, now()];
    return seen;
  };

  const refresh = async (everyMs = READ_EVERY_MS): Promise<SendingState> => {
    const stored = await table.get<SendingState>(SENDING_KEY);
    if (stored && now() - stored.readAtMs < everyMs) return see(stored);
    const readAtMs = now();
    const { ratePerSecond, max24Hours, sent24Hours } = await account.quota();
    const fields = { readAtMs, ratePerSecond, max24Hours, sent24Hours };
    const quotaLeft = max24Hours < 0 || sent24Hours < max24Hours;
    const remove = stored?.held === 'quota' && quotaLeft ? HOLD_FIELDS : [];
    if (remove.length > 0) log.info('sending resumes: the quota of 24 hours has room again');
    const { document } = stored
      ? await table.update<SendingState>(SENDING_KEY, { set: fields, remove })
      : await table.insert<SendingState>({ key: SENDING_KEY, fields });
    const read = document ?? fields;
    dependencies.onRead?.(read);
    return see(read);
  };

  const current = async (): Promise<SendingState> => {
    if (state && now() - seenAtMs < CACHE_MS) return state;
    try {
      return await refresh(staleMs);
    } catch (error) {
      log.warn('the sending quota could not be read', { error });
      // Another worker may have it by now: the provider answers this question once a second. An old rate is better than none,
      // and without any the rate of the smallest account is safe.
      return see((await table.get<SendingState>(SENDING_KEY)) ?? state ?? { ...UNKNOWN, readAtMs: now() });
    }
  };

  /** True for the one worker that may try an email now. */
  const mayProbe = async (known: SendingState): Promise<boolean> => {
    const nowMs = now();
    if (!isProbeDue(known, nowMs)) return false;
    const { applied, document } = await table.update<SendingState>(
      SENDING_KEY,
      { set: { probeAtMs: nowMs + PROBE_EVERY_MS } },
      [{ held: 'paused', probeAtMs: { atMost: nowMs } }],
    );
    if (document) see(document);
    return applied;
  };

  const postponed = (cause: HoldCause, { heldSinceMs = now(), heldReason }: SendingState): Postponed => {
    const lasted = cause === 'quota' ? MOST_HOLD_SECONDS : (now() - heldSinceMs) / 1_000;
    const most = Math.min(MOST_HOLD_SECONDS, Math.max(LEAST_HOLD_SECONDS, lasted));
    const againAtMs = now() + most * 1_000 * (0.5 + random() / 2);
    const togetherAtMs = Math.ceil(againAtMs / TOGETHER_MS) * TOGETHER_MS;
    return new Postponed(heldReason ?? QUOTA_REASON, (togetherAtMs - now()) / 1_000);
  };

  return {
    async rate(queue) {
      const known = await current();
      const ratePerSecond = Math.min(known.ratePerSecond, maxRatePerSecond);
      const cause = holdCause(known, queue, now());
      if (!cause) return ratePerSecond;
      if (await mayProbe(known)) return Math.min(ratePerSecond, PROBE_RATE);
      // The attempt to probe has shown whether another worker ended the hold.
      const seen = state ?? known;
      if (!holdCause(seen, queue, now())) return ratePerSecond;
      throw postponed(cause, seen);
    },

    async hold(held, heldReason) {
      // The emails that were under way when it began.
      if (state?.held) return postponed(state.held, state);
      const hold = { held, heldReason, heldSinceMs: now(), probeAtMs: now() + PROBE_EVERY_MS };
      const { applied, document } = await table.update<SendingState>(SENDING_KEY, { set: hold }, [
        { held: { exists: false } },
      ]);
      if (applied) log.warn('nothing is sent for now', { cause: held, reason: heldReason });
      if (document) see(document);
      return postponed(held, document ?? { ...UNKNOWN, ...hold });
    },

    async sent() {
      if (!state?.held) return;
      const { applied, document } = await table.update<SendingState>(SENDING_KEY, { remove: HOLD_FIELDS }, [
        { held: { exists: true } },
      ]);
      if (applied) log.info('sending resumes');
      if (document) see(document);
    },

    mostToTake: (queue) => {
      const nowMs = now();
      if (!state || !holdCause(state, queue, nowMs)) return Number.POSITIVE_INFINITY;
      return isProbeDue(state, nowMs) ? 1 : 0;
    },

    look: async () => {
      await current().catch((error: unknown) => log.warn('the state of sending could not be read', { error }));
    },

    refresh: () => refresh(),
  };
}

const HOLD_FIELDS = ['held', 'heldSinceMs', 'heldReason', 'probeAtMs'] as const satisfies (keyof SendingState)[];
const QUOTA_REASON = 'The daily sending quota of Amazon SES is nearly used up; the rest is for transactional email';
const UNKNOWN = { readAtMs: 0, ratePerSecond: 1, max24Hours: -1, sent24Hours: 0 } satisfies SendingState;
