import { unavailable } from '../../../core/errors.ts';

/** Calls for one batch; after the last, it ends as a retryable 503. */
const MOST_CALLS = 8;
const WAIT_MS = { first: 25, longest: 1_000 };

/** Calls with the items of a batch, and again with those that DynamoDB left unprocessed because it is busy, until none is left. */
export async function untilProcessed<T>(
  items: readonly T[],
  call: (items: T[]) => Promise<T[] | undefined>,
  wait: (ms: number) => Promise<unknown> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
): Promise<void> {
  let left = [...items];
  for (let calls = 1; left.length > 0; calls++) {
    left = (await call(left)) ?? [];
    if (left.length === 0) return;
    if (calls === MOST_CALLS) throw unavailable(`DynamoDB did not process ${left.length} of ${items.length} items`);
    // Exponential backoff with full jitter: at once the same items would be refused again.
    await wait(Math.random() * Math.min(WAIT_MS.longest, WAIT_MS.first * 2 ** (calls - 1)));
  }
}
