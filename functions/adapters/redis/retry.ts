import { SendoffError } from '../../core/errors.ts';
import type { Logger } from '../../core/ports/telemetry.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;

/**
 * Asks again while Redis cannot be reached, until `untilMs` (epoch ms); then it throws the last error. An error that another try
 * cannot help is thrown at once. For functions that work for minutes: a short outage does not end them.
 */
export async function untilAnswered<T>(
  { now, log, untilMs }: { readonly now: () => number; readonly log: Logger; readonly untilMs: number },
  ask: () => Promise<T>,
): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await ask();
    } catch (error) {
      const transient = error instanceof SendoffError && error.retryable;
      if (!transient || now() + waitMs >= untilMs) throw error;
      log.warn('Redis could not be asked; trying again', { error });
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}
