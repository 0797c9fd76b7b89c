import type { Table } from '../ports/table.ts';

/**
 * A clock of slots that all workers share: the generic cell rate algorithm (GCRA) on one document. `freeAtMs` is the time from
 * which nothing is reserved. A caller reserves a length of time from there, and begins when it has come; so the sum of all callers
 * is exact, evenly spaced, and needs one write for a reservation.
 */
export interface SlotClock {
  /** Reserves the time that `recipients` take at this rate (recipients a second), if it begins at most `horizonMs` from now. */
  reserve(recipients: number, ratePerSecond: number, horizonMs: number): Promise<Reservation>;
  /** Lowers the pace for a minute: the rate was exceeded all the same, as others use it too. */
  slowDown(): Promise<void>;
}

/** A reserved time (epoch ms) and its length, or the time from which nothing is reserved. */
export type Reservation =
  | { readonly startMs: number; readonly lengthMs: number }
  | { readonly startMs?: undefined; readonly freeAtMs: number };

type ClockDocument = {
  readonly freeAtMs: number;
  /** The factor of the rate at `slowedAtMs`; absent: never slowed. */
  readonly factor?: number;
  readonly slowedAtMs?: number;
};

/** The share of the rate that is used: clocks differ, and a message takes a moment to arrive. */
const MARGIN = 0.98;
/** After a throttle: the pause, the factor, how long it holds, and the steps back. */
const PAUSE_MS = 1_000;
const DECREASE = 0.8;
const LEAST_FACTOR = 0.1;
const SLOW_MS = 60_000;
const INCREASE = 0.05;
const INCREASE_EVERY_MS = 5_000;
/** The largest reservation is one email to so many recipients. */
const MOST_RECIPIENTS = 50;
/** More than the horizons of emails, and than the clocks of two machines differ. */
const AHEAD_MS = 60_000;

/**
 * A clock that is behind by less goes on from where it is: of many workers that would set it to now only one could, and the others
 * would try again and again. SES's bucket allows for that.
 */
const LAG_MS = 50;

/** The slot clock in the document `slots#<name>`; `aheadMs` is more than any horizon that is asked for. */
export function createSlotClock(table: Table, name: string, now: () => number, aheadMs = AHEAD_MS): SlotClock {
  const key = `slots#${name}`;
  let known: ClockDocument | undefined;
  /** True if the second of the two writes applied last: it is the likelier one then. */
  let after = false;

  /** Keeps what a write has shown; makes the document if there is none. */
  const see = async (document: ClockDocument | undefined): Promise<ClockDocument> => {
    known = document ??
      (await table.insert<ClockDocument>({ key, fields: { freeAtMs: 0 } })).document ?? { freeAtMs: 0 };
    return known;
  };

  return {
    async reserve(recipients, ratePerSecond, horizonMs) {
      for (;;) {
        const nowMs = now();
        const lengthMs = (recipients * 1_000) / (ratePerSecond * MARGIN * factorAt(known, nowMs));
        // Nobody reserves beyond this: it was set by a machine whose time is wrong, and is not kept.
        const wrongAtMs = nowMs + aheadMs + (MOST_RECIPIENTS * 1_000) / (ratePerSecond * MARGIN * LEAST_FACTOR);
        // One of two conditional writes, as a database has no maximum: after the last reservation, or from now on.
        const { applied, document } = after
          ? await table.update<ClockDocument>(key, { add: { freeAtMs: lengthMs } }, [
              { freeAtMs: { between: [nowMs - LAG_MS, nowMs + horizonMs] } },
            ])
          : await table.update<ClockDocument>(key, { set: { freeAtMs: nowMs + lengthMs } }, [
              { freeAtMs: { below: nowMs - LAG_MS } },
              { freeAtMs: { between: [wrongAtMs, Number.MAX_SAFE_INTEGER] } },
            ]);
        const { freeAtMs } = await see(document);
        if (applied) return { startMs: after ? Math.max(nowMs, freeAtMs - lengthMs) : nowMs, lengthMs };
        after = freeAtMs >= now() - LAG_MS && freeAtMs < wrongAtMs;
        if (freeAtMs > nowMs + horizonMs && freeAtMs < wrongAtMs) return { freeAtMs };
        if (freeAtMs >= wrongAtMs) known = undefined;
      }
    },

    async slowDown() {
      const nowMs = now();
      const factor = Math.max(LEAST_FACTOR, factorAt(known, nowMs) * DECREASE);
      // Once a second: workers that are throttled at the same moment are one observation. Also when many turns are reserved
      // already: these stay, and whatever follows them comes later.
      const { document } = await table.update<ClockDocument>(
        key,
        { set: { factor, slowedAtMs: nowMs }, add: { freeAtMs: PAUSE_MS } },
        [{ slowedAtMs: { below: nowMs - PAUSE_MS } }, { slowedAtMs: { exists: false } }],
      );
      await see(document);
    },
  };
}

/** The factor of the rate: lower for a minute after a throttle, then back in steps. */
function factorAt(clock: ClockDocument | undefined, nowMs: number): number {
  if (clock?.factor === undefined || clock.slowedAtMs === undefined) return 1;
  const sinceMs = nowMs - clock.slowedAtMs - SLOW_MS;
  if (sinceMs < 0) return clock.factor;
  return Math.min(1, clock.factor + INCREASE * (1 + Math.floor(sinceMs / INCREASE_EVERY_MS)));
}
