import { batch, computed, type ReadonlySignal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { returned } from '../router.ts';
import { createPoll, type PollOptions } from './poll.ts';
import { type ApiError, api } from './request.ts';

/** The answer of a list. `next` and `searched_until` are those of filtered lists. */
export interface ListAnswer<T> {
  readonly data: readonly T[];
  readonly has_more: boolean;
  /** Cursor to go on with; without it, the last item's key is the cursor. */
  readonly next?: string | null;
  readonly searched_until?: string | null;
}

interface PagesOptions<T> extends PollOptions<ListAnswer<T>> {
  /** The key of an item, which is also the cursor after it; its `id` by default. */
  readonly keyOf?: (item: T) => string;
  /** Items a page; 50 by default. */
  readonly limit?: number;
}

export interface Pages<T> {
  /** The key of an item. */
  readonly keyOf: (item: T) => string;
  /** The items loaded so far, newest first; undefined until the first answer. */
  readonly items: ReadonlySignal<readonly T[] | undefined>;
  readonly hasMore: ReadonlySignal<boolean>;
  /** Whether more is being loaded. */
  readonly loading: ReadonlySignal<boolean>;
  /** How many new items came in while the viewer was further down; `showNewer` brings them in. */
  readonly newer: ReadonlySignal<number>;
  readonly error: ReadonlySignal<ApiError | undefined>;
  /** Until when a filtered list has looked. */
  readonly searchedUntil: ReadonlySignal<string | undefined>;
  /** Loads the next page. */
  readonly more: () => Promise<void>;
  readonly showNewer: () => void;
  readonly refresh: () => Promise<void>;
}

/** A list that grows by pages at its end and is kept current at its beginning. */
export function usePages<T>(path: string | undefined, options: PagesOptions<T> = {}): Pages<T> {
  const pages = useMemo(() => {
    const name = `${path} ${options.limit}`;
    const left = returned.peek() === undefined ? undefined : (lists.get(name) as List<T> | undefined);
    const list = left ?? createPages<T>(path, options);
    lists.delete(name);
    lists.set(name, list as List<unknown>);
    const [oldest] = lists.keys();
    if (lists.size > MAX_LISTS && oldest !== undefined) lists.delete(oldest);
    return list;
  }, [path, options.everyMs, options.limit]);
  useEffect(() => pages.start(), [pages]);
  return pages;
}

type List<T> = Pages<T> & { start(): () => void };

/** The lists that the viewer has left, with all pages that were loaded: the way back leads to the same rows. */
const lists = new Map<string, List<unknown>>();
const MAX_LISTS = 8;

/** Drops all lists: at sign-out. */
export const forgetLists = (): void => lists.clear();

/** A path with values added to its query. */
export function withQuery(path: string, values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return query.size === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
}

export function createPages<T>(path: string | undefined, options: PagesOptions<T>): List<T> {
  const { limit = 50, keyOf = (item) => (item as { id: string }).id } = options;
  const firstPath = path === undefined ? undefined : withQuery(path, { limit });
  const first = createPoll<ListAnswer<T>>(firstPath, options);
  /** The later pages, and the items of the first one when the viewer went on. */
  const older = signal<{ items: readonly T[]; last: ListAnswer<T> } | undefined>(undefined);
  const loading = signal(false);
  const failed = signal<ApiError | undefined>(undefined);

  const last = computed(() => older.value?.last ?? first.data.value);
  const merged = computed(() => {
    const page = first.data.value;
    const loaded = older.value?.items;
    if (!page || !loaded) return { items: page?.data, newer: 0 };
    const current = new Map(page.data.map((item) => [keyOf(item), item]));
    const known = new Set(loaded.map(keyOf));
    // Within the range of the first page, what is not in it any more is gone.
    const end = loaded.findLastIndex((item) => current.has(keyOf(item)));
    const items = loaded
      .filter((item, index) => index > end || current.has(keyOf(item)))
      .map((item) => current.get(keyOf(item)) ?? item);
    return { items, newer: page.data.filter((item) => !known.has(keyOf(item))).length };
  });

  const more = async () => {
    const page = last.value;
    const items = merged.value.items;
    const end = items?.at(-1);
    const after = page?.next ?? (end === undefined ? undefined : keyOf(end));
    if (path === undefined || !page?.has_more || !items || after === undefined || loading.value) return;
    loading.value = true;
    try {
      const answer = await api<ListAnswer<T>>('GET', withQuery(path, { limit, after }));
      const known = new Set(items.map(keyOf));
      const added = answer.data.filter((item) => !known.has(keyOf(item)));
      batch(() => {
        older.value = { items: [...items, ...added], last: answer };
        failed.value = undefined;
      });
    } catch (error) {
      failed.value = error as ApiError;
    } finally {
      loading.value = false;
    }
  };
  const showNewer = () => {
    const page = first.data.value?.data ?? [];
    const loaded = older.value;
    if (!loaded) return;
    const known = new Set(loaded.items.map(keyOf));
    const fresh = page.filter((item) => !known.has(keyOf(item)));
    // A whole page of new items: some between may be missing, so the list begins again.
    older.value = fresh.length === page.length ? undefined : { ...loaded, items: [...fresh, ...loaded.items] };
  };
  return {
    keyOf,
    items: computed(() => merged.value.items),
    newer: computed(() => merged.value.newer),
    hasMore: computed(() => last.value?.has_more ?? false),
    searchedUntil: computed(() => last.value?.searched_until ?? undefined),
    error: computed(() => failed.value ?? first.error.value),
    loading,
    more,
    showNewer,
    refresh: first.refresh,
    start: first.start,
  };
}
