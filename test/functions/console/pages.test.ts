import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetAnswers } from '../../../functions/console/api/answers.ts';
import { createPages } from '../../../functions/console/api/pages.ts';
import { json, pageWithoutBrowser } from './polled-answers.ts';

interface Row {
  readonly id: string;
  readonly status?: string;
}

/** A list whose newest row comes first, as the API pages it. */
function serve(rows: () => readonly Row[]) {
  return async (url: string) => {
    const query = new URL(url, 'http://local').searchParams;
    const from = rows().findIndex(({ id }) => id === query.get('after')) + 1;
    const limit = Number(query.get('limit'));
    return json({ data: rows().slice(from, from + limit), has_more: rows().length > from + limit });
  };
}

const numbered = (from: number, to: number): Row[] =>
  Array.from({ length: from - to + 1 }, (_, index) => ({ id: `${from - index}` }));

describe('a paged list', () => {
  let page: ReturnType<typeof pageWithoutBrowser>;
  let rows: readonly Row[];
  let stop = () => {};

  beforeEach(() => {
    vi.useFakeTimers();
    page = pageWithoutBrowser();
    forgetAnswers();
    page.fetched.mockImplementation(serve(() => rows));
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const open = async () => {
    const list = createPages<Row>('/emails', { limit: 3 });
    stop = list.start();
    await vi.advanceTimersByTimeAsync(0);
    return { list, shown: () => list.items.value?.map(({ id }) => id).join(' ') };
  };

  it('grows by a page, until there are no more', async () => {
    rows = numbered(5, 1);
    const { list, shown } = await open();
    expect([shown(), list.hasMore.value]).toEqual(['5 4 3', true]);
    await list.more();
    expect([shown(), list.hasMore.value]).toEqual(['5 4 3 2 1', false]);
    await list.more();
    expect(page.fetched).toHaveBeenCalledTimes(2);
  });

  it('shows new items at once before the viewer has gone on', async () => {
    rows = numbered(5, 1);
    const { shown } = await open();
    rows = numbered(6, 1);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(shown()).toBe('6 5 4');
  });

  it('tells how many new items there are after the viewer has gone on, and shows them when asked', async () => {
    rows = numbered(5, 1);
    const { list, shown } = await open();
    await list.more();
    rows = numbered(6, 1);
    await vi.advanceTimersByTimeAsync(15_000);
    expect([shown(), list.newer.value]).toEqual(['5 4 3 2 1', 1]);
    list.showNewer();
    expect([shown(), list.newer.value]).toEqual(['6 5 4 3 2 1', 0]);
  });

  it('begins again when a whole page is new: those between are not known', async () => {
    rows = numbered(5, 1);
    const { list, shown } = await open();
    await list.more();
    rows = numbered(9, 1);
    await vi.advanceTimersByTimeAsync(15_000);
    list.showNewer();
    expect([shown(), list.hasMore.value]).toEqual(['9 8 7', true]);
  });

  it('keeps the rows of its first page current, and drops those that are gone', async () => {
    rows = numbered(5, 1);
    const { list, shown } = await open();
    await list.more();
    rows = [{ id: '5', status: 'sent' }, ...numbered(3, 1)];
    await vi.advanceTimersByTimeAsync(15_000);
    expect(shown()).toBe('5 3 2 1');
    expect(list.items.value?.[0]?.status).toBe('sent');
  });

  it('goes on with the cursor that a filtered list gives, even behind an empty page', async () => {
    const answers = [
      { data: [], has_more: true, next: 'cursor', searched_until: '2026-01-01T00:00:00Z' },
      { data: [{ id: '1' }], has_more: false },
    ];
    page.fetched.mockImplementation(async (url) => json(answers[url.includes('after=cursor') ? 1 : 0]));
    const { list, shown } = await open();
    expect(list.searchedUntil.value).toBe('2026-01-01T00:00:00Z');
    await list.more();
    expect(shown()).toBe('1');
  });

  it('keeps what is shown when the next page fails', async () => {
    rows = numbered(5, 1);
    const { list, shown } = await open();
    page.fetched.mockImplementation(async () => json({ name: 'application_error', message: 'no' }, { status: 500 }));
    await list.more();
    expect([shown(), list.error.value?.status, list.loading.value]).toEqual(['5 4 3', 500, false]);
  });
});
