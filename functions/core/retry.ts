/** When a failed job is tried again: exponential backoff with full jitter, capped a hop. */
export interface RetryPolicy {
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
export const patient: RetryPolicy = { maxAttempts: 50, baseSeconds: 2, capSeconds: 900 };

/**
 * The wait in seconds before the try that follows `attempt` (1 for the first), drawn evenly from 0 to the cap.
 * Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffSeconds(policy: RetryPolicy, attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(policy.capSeconds, policy.baseSeconds * 2 ** (attempt - 1));
  return random() * ceiling;
}
