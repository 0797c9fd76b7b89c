import { timeSort } from '../document/time-sort.ts';
import type { Backend } from '../ports/backend.ts';
import type { Document } from '../ports/table.ts';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import { EMAIL_PARTITION, type EmailRecord } from './record.ts';
import { sendJob } from './send.ts';
import { noteHandover } from './transitions.ts';

/** An accepted email that no worker has claimed after this long gets a second job: its first may never have been queued. */
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

/** Gives every scheduled email that is soon due to the broker, with its exact time; answers how many. */
export async function handOverDue({ backend, now, deadlineMs, metrics }: ScheduleDependencies): Promise<number> {
  const { table, broker } = backend;
  const until = timeSort(now(), '~');
  let count = 0;
  for (let after: string | undefined; now() < deadlineMs; ) {
    const entries = await table.query({
      index: 'due',
      partition: EMAIL_PARTITION,
      limit: PAGE,
      order: 'ascending',
      before: until,
      ...(after ? { after } : {}),
    });
    const records = await present(backend, entries);
    const due = records.filter((record) => record.status === 'scheduled' && record.scheduledAtMs !== undefined);
    await broker.send(due.map((record) => sendJob(record, record.scheduledAtMs)));
    await Promise.all(
      due.map((record) =>
        noteHandover(table, record.id, Math.max(now(), record.scheduledAtMs ?? 0), record.scheduledAtMs ?? 0),
      ),
    );
    for (const { queue } of due) metrics.count('handedOver', queue);
    count += due.length;
    after = entries.at(-1)?.sort;
    if (entries.length < PAGE) break;
  }
  return count;
}

/** Gives a job to each email that was accepted but never reached a worker; looks at every email once. Answers how many. */
export async function requeueUnclaimed({
  backend,
  now,
  deadlineMs,
  log,
  metrics,
}: ScheduleDependencies): Promise<number> {
  const { table, broker } = backend;
  const until = timeSort(now() - OVERDUE_MS, '~');
  const state = await table.get<SweepState>(SWEEP_KEY);
  let after = state?.sort ?? timeSort(now() - 2 * OVERDUE_MS, '');
  const start = after;
  let count = 0;
  while (now() < deadlineMs) {
    const entries = await table.query({
      index: 'list',
      partition: EMAIL_PARTITION,
      limit: PAGE,
      order: 'ascending',
      after,
      before: until,
    });
    const lost = (await present(backend, entries)).filter(
      ({ status, attempts }) => status === 'queued' && attempts === 0,
    );
    await broker.send(lost.map((record) => sendJob(record)));
    for (const { id, queue } of lost) {
      metrics.count('requeued', queue);
      log.warn('email had not been claimed; queued again', { emailId: id });
    }
    count += lost.length;
    after = entries.at(-1)?.sort ?? after;
    if (entries.length < PAGE) break;
  }
  if (after !== start) await saveSweep(backend, after);
  return count;
}

async function saveSweep({ table }: Backend, sort: string): Promise<void> {
  const { applied } = await table.update(SWEEP_KEY, { set: { sort } });
  if (!applied) await table.insert({ key: SWEEP_KEY, fields: { sort } });
}

async function present({ table }: Backend, entries: readonly { key: string }[]): Promise<EmailRecord[]> {
  const records = await table.getMany<EmailRecord>(entries.map(({ key }) => key));
  return records.filter((record) => record !== undefined);
}
