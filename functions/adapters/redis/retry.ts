import { SendoffError } from '../../core/errors.ts';
import type { Logger } from '../../core/ports/telemetry.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;

/**
 * Who works for long does not give up while Redis cannot be reached: it asks again until `untilMs` (epoch ms). Throws then,
 * and at once what asking again cannot help.
 */
export async function untilAnswered<T>(
  { now, log, untilMs }: { readonly now: () => number; readonly log: Logger; readonly untilMs: number },
  ask: () => Promise<T>,
): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await ask();
    } catch (error) {
      const passes = error instanceof SendoffError && error.retryable;
      if (!passes || now() + waitMs >= untilMs) throw error;
      log.warn('Redis could not be asked; trying again', { error });
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}
