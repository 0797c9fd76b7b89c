import type { EmailRecord, TimelineEntry } from './record.ts';

/** An entry as it is shown. A `deferred` entry stands for several waits: it has their number and the time of the last one. */
export type ShownEntry = TimelineEntry & { readonly lastAtMs?: number; readonly count?: number };

/** The timeline of a record, in the order in which it was stored, with all waits as one entry at the time of the first. */
export function timelineOf({ timeline, deferred }: Pick<EmailRecord, 'timeline' | 'deferred'>): ShownEntry[] {
  // Versions before 0.3 wrote an entry for each wait.
  const waits = [
    ...timeline
      .filter(({ event }) => event === 'deferred')
      .map(({ atMs, detail }) => ({ firstAtMs: atMs, lastAtMs: atMs, count: 1, detail })),
    ...(deferred ? [deferred] : []),
  ];
  const [first, last] = [waits[0], waits.at(-1)];
  if (!first || !last) return [...timeline];
  const entry: ShownEntry = {
    atMs: first.firstAtMs,
    event: 'deferred',
    ...(last.detail === undefined ? {} : { detail: last.detail }),
    lastAtMs: last.lastAtMs,
    count: waits.reduce((sum, { count }) => sum + count, 0),
  };
  const others = timeline.filter(({ event }) => event !== 'deferred');
  const place = others.findIndex(({ atMs }) => atMs > entry.atMs);
  return others.toSpliced(place === -1 ? others.length : place, 0, entry);
}
