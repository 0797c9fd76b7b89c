import { describe, expect, it } from 'vitest';
import type { TimelineEntry } from '../../../../functions/core/email/record.ts';
import { timelineOf } from '../../../../functions/core/email/timeline.ts';

const queued: TimelineEntry = { atMs: 1, event: 'queued' };
const sent: TimelineEntry = { atMs: 100, event: 'sent' };
const wait = (atMs: number, detail: string): TimelineEntry => ({ atMs, event: 'deferred', detail });

describe('a timeline', () => {
  it('without waits is as it is stored', () => {
    expect(timelineOf({ timeline: [queued, sent] })).toEqual([queued, sent]);
  });

  it('shows all waits as one entry, at the time of the first', () => {
    const deferred = { firstAtMs: 10, lastAtMs: 90, count: 300, detail: 'the last reason' };
    const shown = { atMs: 10, event: 'deferred', detail: 'the last reason', lastAtMs: 90, count: 300 };
    expect(timelineOf({ timeline: [queued, sent], deferred })).toEqual([queued, shown, sent]);
    expect(timelineOf({ timeline: [queued], deferred })).toEqual([queued, shown]);
  });

  it('of version 0.2, with an entry for each wait, shows one, also when it waited again since', () => {
    const timeline = [queued, wait(10, 'one'), wait(20, 'two'), sent];
    const shown = { atMs: 10, event: 'deferred', detail: 'two', lastAtMs: 20, count: 2 };
    expect(timelineOf({ timeline })).toEqual([queued, shown, sent]);
    const deferred = { firstAtMs: 30, lastAtMs: 90, count: 5, detail: 'three' };
    const both = { ...shown, detail: 'three', lastAtMs: 90, count: 7 };
    expect(timelineOf({ timeline, deferred })).toEqual([queued, both, sent]);
  });
});
