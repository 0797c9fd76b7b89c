import { unavailable } from '../core/errors.ts';
import type { Mailer } from '../core/ports.ts';

/** The lease's last part is not used: a send takes a while, and clocks differ. */
const MARGIN_MS = 1_000;

/** What a drainer holds, it holds for a time: when it could not renew it others may be sending the same emails. */
export interface Lease {
  readonly extend: (untilMs: number) => void;
  readonly end: () => void;
  /** The mailer, refusing to send (retryable) when the lease has run out. */
  guard(mailer: Mailer): Mailer;
}

/** A lease that has not begun. */
export function createLease(now: () => number): Lease {
  let untilMs = 0;
  return {
    extend: (until) => {
      untilMs = until;
    },
    end: () => {
      untilMs = 0;
    },
    guard: (mailer) => ({
      send: async (message) => {
        if (now() >= untilMs - MARGIN_MS) throw unavailable('the drainer lost its lease before it could send');
        return mailer.send(message);
      },
    }),
  };
}
