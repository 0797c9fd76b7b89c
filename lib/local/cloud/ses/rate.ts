import { throttling } from './api/ses-error.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const MINUTE_MS = 60 * 1000;
/** Tolerance for the rounding of small refills: 10 refills of 0.1 must make one token. */
const ROUNDING = 1e-9;

/** Undefined: no limit. `burst` is what the rate saves up while nothing is sent; by default a second of it. */
type Limits = {
  ratePerSecond?: number | undefined;
  burst?: number | undefined;
  max24Hours?: number | undefined;
};

/** The two limits of an account, both counted in recipients. */
export type SendLimits = {
  /** Takes room for these recipients or throws `Throttling`; a refused send uses no room. */
  take(recipients: number): void;
  set(limits: Limits): void;
  sentLast24Hours(): number;
};

/**
 * A token bucket, and a sliding day. As on SES a message passes while *any* room is left and may
 * overdraw it: five recipients at one a second pass, and the next five seconds are refused.
 */
export function createSendLimits(now: () => number): SendLimits {
  const day = createSlidingDay(now);
  let { ratePerSecond, burst, max24Hours }: Limits = {};
  let tokens = 0;
  let refilledAtMs = now();

  const capacity = () => Math.max(1, burst ?? ratePerSecond ?? 0);
  const refill = (rate: number) => {
    const elapsedMs = Math.max(0, now() - refilledAtMs);
    tokens = Math.min(capacity(), tokens + (elapsedMs * rate) / 1000);
    refilledAtMs = now();
  };
  return {
    set: (limits) => {
      max24Hours = limits.max24Hours;
      if (limits.ratePerSecond === ratePerSecond && limits.burst === burst) return;
      ({ ratePerSecond, burst } = limits);
      tokens = capacity();
      refilledAtMs = now();
    },
    take: (recipients) => {
      if (max24Hours !== undefined && day.count() >= max24Hours) throw throttling('Daily message quota exceeded.');
      if (ratePerSecond !== undefined) {
        refill(ratePerSecond);
        if (tokens + ROUNDING < 1) throw throttling('Maximum sending rate exceeded.');
        tokens -= recipients;
      }
      day.add(recipients);
    },
    sentLast24Hours: day.count,
  };
}

/** Counts the last 24 hours by the minute: 1,440 numbers at most, however much is sent. */
function createSlidingDay(now: () => number) {
  const minutes: { startMs: number; recipients: number }[] = [];
  let total = 0;
  const expire = () => {
    const oldestMs = now() - DAY_MS;
    while (minutes[0] && minutes[0].startMs <= oldestMs) total -= minutes.shift()?.recipients ?? 0;
  };
  return {
    add: (recipients: number) => {
      const startMs = now() - (now() % MINUTE_MS);
      const last = minutes.at(-1);
      if (last?.startMs === startMs) last.recipients += recipients;
      else minutes.push({ startMs, recipients });
      total += recipients;
    },
    count: () => {
      expire();
      return total;
    },
  };
}
