import { entryPage, type Page, type PageRequest } from '../document/list.ts';
import { documentsOf } from '../document/pages.ts';
import { timeSort } from '../document/time-sort.ts';
import { isId } from '../ids.ts';
import type { Entry, Query, Table } from '../ports/table.ts';
import { parseWhole } from '../validate.ts';
import { failedPartition, type RunRecord, type RunStatus, runKey, runPartition } from './run.ts';

export { readJson } from './stored-json.ts';

/** Reads a run; undefined if there is none, or it has expired. */
export async function readRun(table: Pick<Table, 'get'>, id: string): Promise<RunRecord | undefined> {
  return isId(id) ? table.get<RunRecord>(runKey(id)) : undefined;
}

export interface RunFilter extends PageRequest {
  /** The tasks whose runs are listed, 1 or more: one, or all of the manifest. */
  readonly tasks: readonly string[];
  /** Only runs in one of these states; absent: in any. */
  readonly statuses?: readonly RunStatus[] | undefined;
}

export interface RunPage extends Page<RunRecord> {
  /** Set if the search ended before the page was full: what `after` (or `before`) is for the next page. */
  readonly next?: string | undefined;
}

/** The most runs that are read for a page of some states; a page may then have fewer, or none, though there are more. */
const MOST_READ = 1_000;

/** A page of runs, newest first. Failed ones have an index of their own; for other states the list is searched. */
export async function listRuns(table: Table, filter: RunFilter): Promise<RunPage> {
  const { tasks, statuses, limit: limitText = '20' } = filter;
  const limit = parseWhole(limitText, 'limit', 1, 100);
  const failedAlone = statuses?.every((status) => status === 'failed') ?? false;
  const index = failedAlone ? 'due' : 'list';
  const partitions = tasks.map(failedAlone ? failedPartition : runPartition);
  const isChosen = ({ status }: RunRecord) => statuses === undefined || statuses.includes(status);
  const merged = mergedTable(table, partitions);
  const placeOf = async (id: string) => {
    const anchor = await readRun(table, id);
    return anchor && timeSort(anchor.createdAtMs, anchor.id);
  };
  const partition = partitions[0] ?? '';
  if (statuses === undefined || failedAlone) {
    const { items, hasMore } = await entryPage(merged, { index, partition }, placeOf, filter);
    const runs = await documentsOf<RunRecord>(table, items);
    return { items: runs.filter(isChosen), hasMore };
  }
  const found: RunRecord[] = [];
  let page: PageRequest = { ...filter, limit: '100' };
  const towardsNewer = filter.after === undefined && filter.before !== undefined;
  for (let read = 0; read < MOST_READ; read += 100) {
    const { items, hasMore } = await entryPage(merged, { index, partition }, placeOf, page);
    const runs = (await documentsOf<RunRecord>(table, items)).filter(isChosen);
    if (towardsNewer) found.unshift(...runs);
    else found.push(...runs);
    const edge = towardsNewer ? items[0] : items.at(-1);
    if (found.length > limit || !hasMore || !edge) {
      const cut = towardsNewer ? found.slice(-limit) : found.slice(0, limit);
      return { items: cut, hasMore: found.length > limit || hasMore };
    }
    const id = edge.key.slice(runKey('').length);
    page = towardsNewer ? { limit: '100', before: id } : { limit: '100', after: id };
  }
  return { items: found, hasMore: true, next: page.after ?? page.before };
}

/** Several partitions as one. */
const mergedTable = (table: Pick<Table, 'query'>, partitions: readonly string[]): Pick<Table, 'query'> => ({
  query: async (query: Query): Promise<Entry[]> => {
    const lists = await Promise.all(partitions.map((partition) => table.query({ ...query, partition })));
    const direction = query.order === 'ascending' ? 1 : -1;
    return lists
      .flat()
      .sort((a, b) => (a.sort < b.sort ? -direction : a.sort > b.sort ? direction : 0))
      .slice(0, query.limit);
  },
});
