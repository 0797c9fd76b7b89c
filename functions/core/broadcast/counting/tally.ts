import type { EmailRecord, TimelineEntry } from '../../email/record.ts';
import { type EmailEvent, isUnsent } from '../../email/status.ts';
import { type ClicksByLink, type LinkClicks, linkHash } from './links.ts';
import { type Counts, counters } from './progress.ts';

/** Numbers for the counters of a broadcast and of its links. */
export interface Tally {
  readonly counts: Counts;
  readonly links: ClicksByLink;
}

export const emptyTally: Tally = { counts: {}, links: new Map() };

/**
 * Answers how the record of an email contributes to the counters of its broadcast. Feedback adds the difference that a write makes; a
 * recount adds up all records, so that both lead to the same numbers. With `lastEpoch`, as of the end of that epoch.
 */
export function tallyOf(record: EmailRecord, lastEpoch = Number.POSITIVE_INFINITY): Tally {
  const { timeline, unsubscribedAtMs, unsubscribedEpoch = 0 } = record;
  const entries = timeline.filter(({ epoch = 0, machine }) => epoch <= lastEpoch && !machine);
  const of = (event: EmailEvent) => entries.filter((entry) => entry.event === event);
  const bounces = of('bounced');
  const [opens, clicks] = [of('opened'), of('clicked')];
  const any = (some: readonly unknown[]) => Math.min(1, some.length);
  const place = placeOf(record, entries);
  return {
    counts: {
      ...(place ? { [place]: 1 } : {}),
      unsubscribed: unsubscribedAtMs !== undefined && unsubscribedEpoch <= lastEpoch ? 1 : 0,
      delivered: any(of('delivered')),
      bounced: any(bounces),
      bouncedPermanent: any(bounces.filter(({ soft }) => !soft)),
      bouncedTransient: any(bounces.filter(({ soft, undetermined }) => soft && !undetermined)),
      bouncedUndetermined: any(bounces.filter(({ undetermined }) => undetermined)),
      complained: any(of('complained')),
      delayed: any(of('delivery_delayed')),
      opened: any(opens),
      openedTotal: opens.length,
      clicked: any(clicks),
      clickedTotal: clicks.length,
    },
    links: clicksOf(clicks),
  };
}

/**
 * Answers the counter that has the recipient; undefined while the email waits for its turn. It follows from the entries, as the status
 * may be that of a later epoch.
 */
function placeOf(record: EmailRecord, entries: readonly TimelineEntry[]): keyof Counts | undefined {
  if (isUnsent(record)) return undefined;
  if (record.status === 'canceled') return 'skipped';
  const last = (event: EmailEvent) => entries.findLastIndex((entry) => entry.event === event);
  // An email that was taken for failed may have been sent after all; that entry then comes later.
  if (last('failed') > last('sent')) return 'failed';
  return last('suppressed') === -1 ? 'sent' : 'suppressed';
}

function clicksOf(entries: readonly TimelineEntry[]): ClicksByLink {
  const links = new Map<string, LinkClicks>();
  for (const { detail: url = '', link } of entries) {
    const hash = link ?? linkHash(url);
    links.set(hash, { url, clicks: (links.get(hash)?.clicks ?? 0) + 1, uniqueClicks: 1 });
  }
  return links;
}

/** The sum of two tallies, each number of the second one multiplied by `factor`. */
export function addTallies(a: Tally, b: Tally, factor: 1 | -1 = 1): Tally {
  const counts = Object.fromEntries(
    counters
      .map((name) => [name, (a.counts[name] ?? 0) + factor * (b.counts[name] ?? 0)] as const)
      .filter(([, count]) => count !== 0),
  );
  const links = new Map(a.links);
  for (const [hash, { url, clicks, uniqueClicks }] of b.links) {
    const known = links.get(hash);
    const sum = {
      url: known?.url ?? url,
      clicks: (known?.clicks ?? 0) + factor * clicks,
      uniqueClicks: (known?.uniqueClicks ?? 0) + factor * uniqueClicks,
    };
    if (sum.clicks === 0 && sum.uniqueClicks === 0) links.delete(hash);
    else links.set(hash, sum);
  }
  return { counts, links };
}

/**
 * Answers the numbers that a write of feedback adds. An email that was not known to be sent counts as sent before it: the chunk counts
 * that, whether the worker or the `Send` event was faster.
 */
export function differenceOf(before: EmailRecord, after: EmailRecord): Tally {
  const sent: EmailRecord = isUnsent(before) ? { ...before, status: 'sent' } : before;
  return addTallies(tallyOf(after), tallyOf(sent), -1);
}
