import { documentsOf, entryPages } from '../document/pages.ts';
import { timeSort } from '../document/time-sort.ts';
import type { Backend } from '../ports/backend.ts';
import type { Document, Query } from '../ports/table.ts';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import { EMAIL_PARTITION, type EmailRecord } from './record.ts';
import { sendJob } from './send.ts';
import { noteHandover } from './transitions.ts';

/** After this time an unclaimed email gets a second job: the first may never have been queued. */
const OVERDUE_MS = 15 * 60_000;
const PAGE = 100;
const SWEEP_KEY = 'schedule#sweep';

export interface ScheduleDependencies {
  readonly backend: Backend;
  readonly now: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** When to stop and leave the rest to the next run, epoch ms. */
  readonly deadlineMs: number;
}

type SweepState = { readonly sort: string } & Document;

/** Queues every scheduled email that is soon due, with its exact time; answers how many. */
export async function handOverDue(dependencies: ScheduleDependencies): Promise<number> {
  const { backend, now, metrics } = dependencies;
  const query = { index: 'due', order: 'ascending', before: timeSort(now(), '~') } as const;
  let count = 0;
  for await (const { records } of recordPages(dependencies, query)) {
    const due = records.filter((record) => record.status === 'scheduled' && record.scheduledAtMs !== undefined);
    await backend.broker.send(due.map((record) => sendJob(record, record.scheduledAtMs)));
    await Promise.all(
      due.map(({ id, scheduledAtMs = 0 }) =>
        noteHandover(backend.table, id, Math.max(now(), scheduledAtMs), scheduledAtMs),
      ),
    );
    for (const { queue } of due) metrics.count('handedOver', queue);
    count += due.length;
  }
  return count;
}

/** Gives a second job to each email that no worker has claimed; examines every email once. Answers how many. */
export async function requeueUnclaimed(dependencies: ScheduleDependencies): Promise<number> {
  const { backend, now, log, metrics } = dependencies;
  const before = timeSort(now() - OVERDUE_MS, '~');
  const state = await backend.table.get<SweepState>(SWEEP_KEY);
  const start = state?.sort ?? timeSort(now() - 2 * OVERDUE_MS, '');
  let end = start;
  let count = 0;
  for await (const page of recordPages(dependencies, { index: 'list', order: 'ascending', after: start, before })) {
    const lost = page.records.filter(({ status, attempts }) => status === 'queued' && attempts === 0);
    await backend.broker.send(lost.map((record) => sendJob(record)));
    for (const { id, queue } of lost) {
      metrics.count('requeued', queue);
      log.warn('email had not been claimed; queued again', { emailId: id });
    }
    count += lost.length;
    end = page.lastSort ?? end;
  }
  if (end !== start) await saveSweep(backend, end);
  return count;
}

async function saveSweep({ table }: Backend, sort: string): Promise<void> {
  const { applied } = await table.update(SWEEP_KEY, { set: { sort } });
  if (!applied) await table.insert({ key: SWEEP_KEY, fields: { sort } });
}

interface RecordPage {
  readonly records: readonly EmailRecord[];
  /** The sort value of the last entry; absent on an empty page. */
  readonly lastSort: string | undefined;
}

/** The records of an index of emails, page by page until the deadline. */
async function* recordPages(
  { backend, now, deadlineMs }: ScheduleDependencies,
  query: Omit<Query, 'partition' | 'limit'>,
): AsyncGenerator<RecordPage, void, undefined> {
  if (now() >= deadlineMs) return;
  for await (const entries of entryPages(backend.table, { ...query, partition: EMAIL_PARTITION, limit: PAGE })) {
    yield { records: await documentsOf<EmailRecord>(backend.table, entries), lastSort: entries.at(-1)?.sort };
    if (now() >= deadlineMs) return;
  }
}
