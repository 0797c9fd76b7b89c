import type { Counts } from '../counting/progress.ts';
import type { Chunk, ChunkProgress, ChunkResult } from './chunk.ts';
import type { SkipReason } from './consent.ts';
import type { Sent } from './send-to.ts';

/** The outcome of one recipient. */
export type Outcome = Sent | SkipReason;

const skips = ['suppressed', 'unsubscribed', 'deleted', 'repeated'] as const satisfies readonly Outcome[];
type Skip = (typeof skips)[number];

/** The outcomes of the recipients of a chunk, as one run finds them out. */
export interface ChunkTally {
  /** Notes what became of the recipient at this position; each is noted once. */
  settle(position: number, outcome: Outcome): void;
  /** The positions that are not settled, in order. */
  left(): number[];
  /** For the chunk: the results of this run and of those before it. */
  progress(): ChunkProgress;
  /** For the counters of the broadcast: the results of this run alone. */
  counts(): Counts;
}

/** Makes the tally of a run that has claimed this chunk. */
export function createChunkTally({ recipients, left, result }: Chunk): ChunkTally {
  const open = new Set(left ?? recipients.keys());
  const settled = new Map<number, Outcome>();
  const count = (...outcomes: Outcome[]) => [...settled.values()].filter((one) => outcomes.includes(one)).length;
  const positionsOf = (skip: Skip) => [
    ...(result?.skipped[skip] ?? []),
    ...[...settled].flatMap(([position, outcome]) => (outcome === skip ? [position] : [])),
  ];
  return {
    settle: (position, outcome) => {
      if (open.delete(position)) settled.set(position, outcome);
    },
    left: () => [...open],
    progress: () => {
      const skipped = Object.fromEntries(
        skips.map((skip) => [skip, positionsOf(skip)] as const).filter(([, positions]) => positions.length > 0),
      );
      const whole: ChunkResult = {
        sent: (result?.sent ?? 0) + count('sent'),
        failed: (result?.failed ?? 0) + count('failed'),
        skipped,
      };
      return { result: whole, left: [...open] };
    },
    counts: () => ({
      sent: count('sent'),
      failed: count('failed'),
      suppressed: count('suppressed'),
      skipped: count('unsubscribed', 'deleted', 'repeated'),
      recipientsDone: settled.size,
      ...(open.size === 0 ? { chunksDone: 1 } : {}),
    }),
  };
}
