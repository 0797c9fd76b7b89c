import { documentsOf, entryPages } from '../document/pages.ts';
import { timeSort } from '../document/time-sort.ts';
import { EMAIL_PARTITION, type EmailRecord, recordKey } from '../email/record.ts';
import { sendJob } from '../email/send/send.ts';
import type { QueueName } from '../queues.ts';
import type { ScheduleDependencies } from './handover.ts';
import { createLostJobs, type LostJobs, OVERDUE_MS } from './lost-jobs.ts';
import { readSweepState, type SweepState, saveSweepState } from './sweep-state.ts';

const PAGE = 100;

/**
 * Gives a second job to each email whose job was lost: one that no worker has claimed, and that does not merely wait. Each email is
 * examined once when it is 15 minutes old. Where one of a queue waits, a cursor of that queue stays behind, so that a backlog of
 * bulk does not keep lost transactional jobs from being found. Answers how many got a job.
 */
export async function requeueUnclaimed(dependencies: ScheduleDependencies): Promise<number> {
  const { backend, now } = dependencies;
  const startMs = now();
  const state = await readSweepState({ backend, now: () => startMs });
  const lostJobs = createLostJobs({ ...dependencies, heldAtMs: async (queue) => state.heldAtMs?.[queue] });
  const numbers = await backend.table.parts('list', EMAIL_PARTITION);
  const parts = numbers.map((part) => ({
    part,
    front: state.parts?.[part] ?? state.sort ?? timeSort(now() - 2 * OVERDUE_MS, ''),
    behind: behindOf(state, part),
    requeued: 0,
  }));
  const started = JSON.stringify(progressOf(parts));
  const outcomes = await Promise.allSettled(parts.map((part) => sweepPart(part, lostJobs, dependencies)));
  const progress = progressOf(parts);
  const held = Object.values(state.heldAtMs ?? {}).includes(startMs);
  // A deployment that nobody uses makes no writes.
  if (held || JSON.stringify(progress) !== started) await saveSweepState(backend, { ...state, ...progress });
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return parts.reduce((sum, { requeued }) => sum + requeued, 0);
}

/** The progress in one part of the list. */
interface Part {
  readonly part: number;
  /** Everything up to here was examined. */
  front: string;
  /** The place from which emails of a queue wait, by queue. */
  readonly behind: Map<QueueName, string>;
  requeued: number;
}

async function sweepPart(part: Part, lostJobs: LostJobs, dependencies: ScheduleDependencies): Promise<void> {
  for (const queue of part.behind.keys()) await sweepBehind(part, queue, lostJobs, dependencies);
  const before = timeSort(dependencies.now() - OVERDUE_MS, '~');
  for await (const page of unclaimedPages(part, { after: part.front, before }, dependencies)) {
    const lost: EmailRecord[] = [];
    for (const { record, previous } of page.unclaimed) {
      // An earlier one of its queue waits: it is examined when that has its turn.
      if (part.behind.has(record.queue)) continue;
      if (await lostJobs.isLost(record.queue, record.createdAtMs)) lost.push(record);
      else part.behind.set(record.queue, previous);
    }
    part.requeued += await requeue(lost, dependencies);
    part.front = page.lastSort;
  }
}

/** Goes on where emails of a queue wait, up to the first that still does. */
async function sweepBehind(
  part: Part,
  queue: QueueName,
  lostJobs: LostJobs,
  dependencies: ScheduleDependencies,
): Promise<void> {
  if (!(await lostJobs.canTell(queue))) return;
  const bounds = { after: part.behind.get(queue) ?? '', before: `${part.front}~` };
  for await (const page of unclaimedPages(part, bounds, dependencies)) {
    const lost: EmailRecord[] = [];
    let waitsAfter: string | undefined;
    for (const { record, previous } of page.unclaimed) {
      if (record.queue !== queue) continue;
      if (!(await lostJobs.isLost(queue, record.createdAtMs))) {
        waitsAfter = previous;
        break;
      }
      lost.push(record);
    }
    part.requeued += await requeue(lost, dependencies);
    part.behind.set(queue, waitsAfter ?? page.lastSort);
    if (waitsAfter !== undefined) return;
    if (page.isLast) part.behind.delete(queue);
  }
}

async function requeue(lost: readonly EmailRecord[], { backend, log, metrics }: ScheduleDependencies): Promise<number> {
  if (lost.length === 0) return 0;
  await backend.broker.send(lost.map((record) => sendJob(record)));
  for (const { id, queue } of lost) {
    metrics.count('requeued', queue);
    log.warn('email had not been claimed; queued again', { emailId: id });
  }
  return lost.length;
}

interface UnclaimedPage {
  /** The unclaimed emails, and the place right before each. */
  readonly unclaimed: readonly { readonly record: EmailRecord; readonly previous: string }[];
  readonly lastSort: string;
  readonly isLast: boolean;
}

/** The pages of a part of the list until the deadline, with what is unclaimed on them. */
async function* unclaimedPages(
  { part }: Part,
  bounds: { readonly after: string; readonly before: string },
  { backend, now, deadlineMs }: ScheduleDependencies,
): AsyncGenerator<UnclaimedPage, void, undefined> {
  const query = { index: 'list', partition: EMAIL_PARTITION, order: 'ascending', limit: PAGE } as const;
  let { after: previous } = bounds;
  if (now() >= deadlineMs) return;
  for await (const entries of entryPages(backend.table, { ...query, ...bounds, part })) {
    // They may lag: they are 15 minutes old, and a second job for one that was claimed a moment ago does nothing.
    const records = await documentsOf<EmailRecord>(backend.table, entries, { mayLag: true });
    const unclaimed = new Map(records.filter(isUnclaimed).map((record) => [recordKey(record.id), record]));
    const found: { record: EmailRecord; previous: string }[] = [];
    for (const { key, sort } of entries) {
      const record = unclaimed.get(key);
      if (record) found.push({ record, previous });
      previous = sort;
    }
    yield { unclaimed: found, lastSort: previous, isLast: entries.length < PAGE };
    if (now() >= deadlineMs) return;
  }
}

const isUnclaimed = ({ status, attempts }: EmailRecord): boolean => status === 'queued' && attempts === 0;

function behindOf({ behind = {} }: SweepState, part: number): Map<QueueName, string> {
  const own = Object.entries(behind).flatMap(([name, sort]) => {
    const [queue, number] = name.split('#') as [QueueName, string];
    return number === String(part) ? [[queue, sort] as const] : [];
  });
  return new Map(own);
}

/** The progress of all parts as it is stored. */
function progressOf(parts: readonly Part[]): SweepState {
  const behind = parts.flatMap(({ part, behind: queues }) =>
    [...queues].map(([queue, sort]) => [`${queue}#${part}`, sort] as const),
  );
  const fronts = parts.map(({ part, front }) => [String(part), front] as const);
  const sort = fronts.map(([, front]) => front).toSorted()[0] ?? '';
  return { sort, parts: Object.fromEntries(fronts), behind: Object.fromEntries(behind) };
}
