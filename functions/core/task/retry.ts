/** The waits between the tries of a job. */
export type RetryPolicy = Backoff | FixedWaits;

/** A fixed wait before each further try. */
export interface FixedWaits {
  /** Tries in all, the first included: one more than there are waits. */
  readonly maxAttempts: number;
  readonly waitsSeconds: readonly number[];
}

/** Exponential backoff with full jitter and a longest wait. */
export interface Backoff {
  /** Tries in all, the first included. */
  readonly maxAttempts: number;
  readonly baseSeconds: number;
  /** The longest wait between two tries, in seconds. */
  readonly capSeconds: number;
}

/**
 * 50 tries, waits of up to 2, 4, 8 … 900 s: about five hours on average, so that an outage of hours loses nothing.
 * 900 s is SQS's longest delay.
 */
export const emailRetry: Backoff = { maxAttempts: 50, baseSeconds: 2, capSeconds: 900 };

const waitsSeconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];

/** For endpoints: waits of 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, as Resend and Svix have them. */
export const webhookRetry: FixedWaits = { maxAttempts: waitsSeconds.length + 1, waitsSeconds };

/** The time from the first try to the last, in ms. */
export const webhookRetrySpanMs = waitsSeconds.reduce((sum, seconds) => sum + seconds, 0) * 1000;

/**
 * The wait in seconds after the try `attempt` (1 for the first): a fixed one, or a random one from 0 to a bound.
 * Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffSeconds(policy: RetryPolicy, attempt: number, random: () => number = Math.random): number {
  if ('waitsSeconds' in policy) return policy.waitsSeconds[attempt - 1] ?? 0;
  const ceiling = Math.min(policy.capSeconds, policy.baseSeconds * 2 ** (attempt - 1));
  return random() * ceiling;
}
