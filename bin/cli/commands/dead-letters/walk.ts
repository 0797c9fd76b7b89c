import type { DeadLetter, DeadLetterQueue } from './queue.ts';

/** What to do with a letter: `taken` when it is gone from the queue, `left` when it is to stay. */
export type Handling = (letter: DeadLetter) => Promise<'taken' | 'left'>;

export interface Walk {
  readonly taken: number;
  readonly left: number;
  /** Ended before the queue's end: by the signal or because `enough` said so. */
  readonly stopped: boolean;
}

export interface WalkOptions {
  readonly signal: AbortSignal;
  /** Asked after each batch: no need to go on. */
  readonly enough?: () => boolean;
  /** How many have been handled so far. */
  readonly onProgress?: (handled: number) => void;
}

/**
 * Handles every letter once, ten at a time, and shows those left to others again at the end.
 * Ends where it may be interrupted: between batches. A process that dies in one has lost nothing: `redrive` sees to that.
 */
export async function walk(
  queue: DeadLetterQueue,
  handle: Handling,
  { signal, enough = () => false, onProgress }: WalkOptions,
): Promise<Walk> {
  const seen = new Set<string>();
  const left: DeadLetter[] = [];
  let taken = 0;
  try {
    while (!signal.aborted && !enough()) {
      const batch = await queue.receive();
      const fresh = batch.filter(({ id }) => !seen.has(id));
      // Nothing new: the end, or a queue so long that the first ones come again.
      if (fresh.length === 0) return { taken, left: left.length, stopped: false };
      for (const { id } of fresh) seen.add(id);
      const handlings = await Promise.allSettled(fresh.map(handle));
      for (const [index, letter] of fresh.entries()) {
        const handling = handlings[index];
        if (handling?.status === 'fulfilled' && handling.value === 'taken') taken++;
        else left.push(letter);
      }
      const failure = handlings.find((handling) => handling.status === 'rejected');
      if (failure) throw failure.reason;
      onProgress?.(taken + left.length);
    }
    return { taken, left: left.length, stopped: true };
  } finally {
    // One that is gone meanwhile needs no release, and any other shows itself after a minute.
    await Promise.allSettled(left.map((letter) => letter.release()));
  }
}
