/** A clock that stands until it is turned. */
export interface TurnedClock {
  readonly now: () => number;
  /** Resolves when the clock has been turned on by so many ms. */
  readonly wait: (ms: number) => Promise<void>;
  /** Turns the clock from one wait to the next until the promise has settled; resolves or rejects as it does. */
  run<T>(until: Promise<T>): Promise<T>;
  /** Turns the clock on at once: what waits comes later than it asked for, as after a freeze. */
  skip(ms: number): void;
}

/** Makes a clock that shows `startMs` (epoch ms). */
export function createTurnedClock(startMs = Date.parse('2026-11-21T12:00:00Z')): TurnedClock {
  let nowMs = startMs;
  const waiting: { readonly atMs: number; readonly resolve: () => void }[] = [];
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    now: () => nowMs,
    wait: (ms) => new Promise((resolve) => void waiting.push({ atMs: nowMs + ms, resolve })),
    skip: (ms) => {
      nowMs += ms;
    },
    async run(until) {
      let settled = false;
      const end = () => {
        settled = true;
      };
      until.then(end, end);
      for (await settle(); !settled; await settle()) {
        const next = waiting.toSorted((a, b) => a.atMs - b.atMs)[0];
        if (!next) throw new Error('nothing waits, and the end has not come');
        waiting.splice(waiting.indexOf(next), 1);
        nowMs = Math.max(nowMs, next.atMs);
        next.resolve();
      }
      return until;
    },
  };
}
