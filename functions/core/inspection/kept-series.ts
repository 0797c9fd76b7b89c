import type { InspectedQueue } from '../ports/inspection.ts';
import { periodSeconds, type SeriesName, type SeriesRequest, type SeriesSource } from '../ports/series.ts';

export interface KeepOptions {
  readonly now: () => number;
  /** How long numbers are used without asking again, in ms; 0: always ask. */
  readonly keepMs: number;
}

/** A refusal is kept too, but not for long: whoever throttles must not be asked again at once. */
const KEEP_FAILURE_MS = 10_000;
/** Questions of so many kinds: a page has one or two. */
const MOST_KEPT = 20;

interface Kept {
  readonly atMs: number;
  readonly request: SeriesRequest;
  readonly answer: ReturnType<SeriesSource['read']>;
  /** When it failed. */
  failedAtMs?: number;
}

/**
 * Asks the source again only after `keepMs`, as each question costs money, and answers from what it has when the names and the time are
 * within it. A page that shows the last hour asks for another hour each minute: one kept answer serves it until it is old.
 */
export function keepSeries(source: SeriesSource, { now, keepMs }: KeepOptions): SeriesSource {
  let kept: Kept[] = [];
  const ages = new Map<InspectedQueue, { readonly atMs: number; readonly seconds: number | undefined }>();
  const isFresh = ({ atMs, failedAtMs }: Kept) =>
    failedAtMs === undefined ? now() - atMs < keepMs : now() - failedAtMs < Math.min(keepMs, KEEP_FAILURE_MS);
  return {
    read: (request) => {
      kept = kept.filter(isFresh);
      const found = kept.find((one) => contains(one, request));
      if (found) return found.answer;
      const one: Kept = { atMs: now(), request, answer: source.read(request) };
      one.answer.catch(() => {
        one.failedAtMs = now();
      });
      kept = [one, ...kept].slice(0, MOST_KEPT);
      return one.answer;
    },
    ages: async (queues) => {
      const unknown = queues.filter((queue) => now() - (ages.get(queue)?.atMs ?? Number.NEGATIVE_INFINITY) >= keepMs);
      if (unknown.length > 0) {
        const atMs = now();
        // Kept before it is known: a source that fails is not asked again by each request.
        for (const queue of unknown) ages.set(queue, { atMs, seconds: ages.get(queue)?.seconds });
        const found = await source.ages(unknown);
        for (const queue of unknown) ages.set(queue, { atMs, seconds: found.get(queue) });
      }
      return new Map(
        queues.flatMap((queue) => {
          const seconds = ages.get(queue)?.seconds;
          return seconds === undefined ? [] : [[queue, seconds] as const];
        }),
      );
    },
  };
}

function contains({ atMs, request: has }: Kept, wanted: SeriesRequest): boolean {
  // It reached to the present when it was asked for, so nothing is newer but what is still to come.
  const untilNow = has.toMs + periodSeconds[has.granularity] * 1000 >= atMs;
  return (
    has.granularity === wanted.granularity &&
    JSON.stringify(has.api) === JSON.stringify(wanted.api) &&
    wanted.names.every((name: SeriesName) => has.names.includes(name)) &&
    has.fromMs <= wanted.fromMs &&
    (untilNow || has.toMs >= wanted.toMs)
  );
}
