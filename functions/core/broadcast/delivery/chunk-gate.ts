import { Postponed } from '../../task/task.ts';

/**
 * Limits the chunks that a process works on at the same time to what the rate needs: one, and more while turns come at once. Many that
 * share a low rate would each be claimed again and again, and keep other broadcasts waiting.
 */
export interface ChunkGate {
  /**
   * Resolves when a chunk may begin, to a function that is called at its end; waits a few seconds, and not after `endMs` (epoch ms).
   *
   * @throws Postponed when that takes too long.
   */
  enter(endMs: number): Promise<() => void>;
  /** True while the rate is used up. */
  isSlow(): boolean;
  /** Tells how long a recipient waited for its turn, ms. */
  waited(ms: number): void;
}

/** A longer wait for a turn means that the rate is used up. */
const SLOW_MS = 400;
/** A slow turn says something for so long. */
const SLOW_LASTS_MS = 5_000;
/** A chunk shows after this time whether there is room for another one. */
const NEXT_AFTER_MS = 250;
/** The longest wait in the worker, and then on the queue, in seconds. */
const MOST_WAIT_MS = 5_000;
const POSTPONE_SECONDS = 3;

/** Makes the gate of a process. */
export function createChunkGate(now: () => number, wait: (ms: number) => Promise<unknown>): ChunkGate {
  let running = 0;
  let enteredAtMs = 0;
  let slowAtMs = 0;
  const isSlow = () => now() - slowAtMs < SLOW_LASTS_MS;
  const isOpen = () => running === 0 || (now() - enteredAtMs >= NEXT_AFTER_MS && !isSlow());
  return {
    isSlow,
    async enter(endMs) {
      const untilMs = Math.min(now() + MOST_WAIT_MS, endMs);
      while (!isOpen()) {
        if (now() >= untilMs) throw new Postponed('other chunks use up the sending rate', POSTPONE_SECONDS);
        await wait(NEXT_AFTER_MS);
      }
      running++;
      enteredAtMs = now();
      return () => {
        running--;
      };
    },
    waited: (ms) => {
      if (ms > SLOW_MS) slowAtMs = now();
    },
  };
}
