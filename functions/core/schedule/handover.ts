import { documentsOf, entryPages } from '../document/pages.ts';
import { timeSort } from '../document/time-sort.ts';
import { EMAIL_PARTITION, type EmailRecord, recordKey } from '../email/record.ts';
import { sendJob } from '../email/send/send.ts';
import { noteHandover } from '../email/transitions.ts';
import type { Backend } from '../ports/backend.ts';
import type { Backlog } from '../ports/broker.ts';
import type { Logger, Metrics } from '../ports/telemetry.ts';
import type { QueueName } from '../queues.ts';
import { createLostJobs, type LostJobs } from './lost-jobs.ts';
import { createHeldTimes } from './sweep-state.ts';

const PAGE = 100;
/** A scheduled email whose job waits in a backlog is examined again after this time. */
const WAITING_MS = 45 * 60_000;

export interface ScheduleDependencies {
  readonly backend: Backend;
  /** Counts the jobs of a queue. */
  readonly backlog: (queue: QueueName) => Promise<Backlog>;
  readonly now: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** When to stop and leave the rest to the next run, epoch ms. */
  readonly deadlineMs: number;
}

/** Queues every scheduled email that is soon due, with its exact time; answers how many. The parts of the index go side by side. */
export async function handOverDue(dependencies: ScheduleDependencies): Promise<number> {
  const { backend } = dependencies;
  const lostJobs = createLostJobs({ ...dependencies, heldAtMs: createHeldTimes(dependencies) });
  const parts = await backend.table.parts('due', EMAIL_PARTITION);
  const outcomes = await Promise.allSettled(parts.map((part) => handOverPart(part, lostJobs, dependencies)));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return outcomes.reduce((sum, outcome) => sum + (outcome.status === 'fulfilled' ? outcome.value : 0), 0);
}

async function handOverPart(part: number, lostJobs: LostJobs, dependencies: ScheduleDependencies): Promise<number> {
  const { backend, now, deadlineMs } = dependencies;
  if (now() >= deadlineMs) return 0;
  const before = timeSort(now(), '~');
  const query = { index: 'due', order: 'ascending', partition: EMAIL_PARTITION, part, limit: PAGE, before } as const;
  let count = 0;
  for await (const entries of entryPages(backend.table, query)) {
    const sorts = new Map(entries.map(({ key, sort }) => [key, sort]));
    const records = await documentsOf<EmailRecord>(backend.table, entries);
    const due = records.filter(isScheduled);
    const isRecheck = ({ id, scheduledAtMs }: ScheduledRecord) =>
      (sorts.get(recordKey(id)) ?? '') > timeSort(scheduledAtMs, '~');
    count += await handOver(due, isRecheck, lostJobs, dependencies);
    if (now() >= deadlineMs) break;
  }
  return count;
}

type ScheduledRecord = EmailRecord & { readonly scheduledAtMs: number };

const isScheduled = (record: EmailRecord): record is ScheduledRecord =>
  record.status === 'scheduled' && record.scheduledAtMs !== undefined;

/** Queues these emails; not those that are queued already and only wait, which are examined again later. */
async function handOver(
  due: readonly ScheduledRecord[],
  isRecheck: (record: ScheduledRecord) => boolean,
  lostJobs: LostJobs,
  { backend, now, metrics }: ScheduleDependencies,
): Promise<number> {
  const waiting = new Set<ScheduledRecord>();
  // One after the other: the answer for one tells that for later ones.
  for (const record of due)
    if (isRecheck(record) && !(await lostJobs.isLost(record.queue, record.scheduledAtMs))) waiting.add(record);
  const toQueue = due.filter((record) => !waiting.has(record));
  await backend.broker.send(toQueue.map((record) => sendJob(record, record.scheduledAtMs)));
  await Promise.all(
    due.map((record) => {
      const { id, scheduledAtMs } = record;
      const fromMs = Math.max(now(), scheduledAtMs) + (waiting.has(record) ? WAITING_MS : 0);
      return noteHandover(backend.table, id, fromMs, scheduledAtMs);
    }),
  );
  for (const { queue } of toQueue) metrics.count('handedOver', queue);
  return toQueue.length;
}
