/** The number of dead letters as a watchdog remembers it: a count is a command, 44,000 a month if made every minute. */
export interface DeadLetterCount {
  /** The last count; undefined if it is time for another one. */
  known(nowMs: number): number | undefined;
  /** Notes the number of this run. While something happens, the next run counts: only then can there be another number. */
  note(deadLetters: number, run: { readonly counted: boolean; readonly busy: boolean }, nowMs: number): void;
}

const MINUTE_MS = 60_000;
/** A run may begin a little before its minute is over. */
const EARLY_MS = 10_000;

/** Makes the count of a process; while nothing happens, it is renewed after so many minutes. */
export function createDeadLetterCount(everyMinutes: number): DeadLetterCount {
  let last: { readonly deadLetters: number; readonly untilMs: number } | undefined;
  return {
    known: (nowMs) => (last && nowMs < last.untilMs ? last.deadLetters : undefined),
    note(deadLetters, { counted, busy }, nowMs) {
      if (busy) last = undefined;
      else if (counted) last = { deadLetters, untilMs: nowMs + everyMinutes * MINUTE_MS - EARLY_MS };
    },
  };
}
