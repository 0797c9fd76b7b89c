import { documentsOf } from '../document/pages.ts';
import { timeSort } from '../document/time-sort.ts';
import { EMAIL_PARTITION, type EmailRecord } from '../email/record.ts';
import type { Backend } from '../ports/backend.ts';
import type { Backlog } from '../ports/broker.ts';
import type { QueueName } from '../queues.ts';

/** After this time a job may be lost; it may also just be waiting. */
export const OVERDUE_MS = 15 * 60_000;
/** The jobs of a hold come back over SQS's longest delay, twice of it if a probe fails. */
const AFTER_HOLD_MS = 30 * 60_000;
/** A queue that has come this much further has passed a job: SQS keeps the order roughly, and a crash delays a job. */
const PASSED_MS = 10 * 60_000;
/** The emails that are looked at to see how far a queue has come. */
const SAMPLE = 25;

/** Tells a job that was lost from one that waits in a backlog. */
export interface LostJobs {
  /** True if the job of an unclaimed email, queued at this time (epoch ms), is lost. False: it waits, or nobody can tell yet. */
  isLost(queue: QueueName, queuedAtMs: number): Promise<boolean>;
  /** False while nothing of the queue is sent, or was until recently: every job just waits. */
  canTell(queue: QueueName): Promise<boolean>;
}

export interface LostJobsDependencies {
  readonly backend: Pick<Backend, 'table'>;
  readonly now: () => number;
  readonly backlog: (queue: QueueName) => Promise<Backlog>;
  /** When nothing of the queue was sent last because of a quota or a pause (epoch ms); undefined: never. */
  readonly heldAtMs: (queue: QueueName) => Promise<number | undefined>;
}

/** Makes the judge of one run of the schedule; it asks each question once. */
export function createLostJobs({ backend, now, backlog, heldAtMs }: LostJobsDependencies): LostJobs {
  const verdicts = new Map<QueueName, Promise<Verdict>>();
  const passed = new Map<QueueName, Passed>();

  const judge = async (queue: QueueName): Promise<Verdict> => {
    const lastHeldMs = await heldAtMs(queue);
    if (lastHeldMs !== undefined && now() - lastHeldMs < AFTER_HOLD_MS) return NOBODY_CAN_TELL;
    const { jobs, oldestMs } = await backlog(queue);
    if (jobs === 0) return { beforeMs: Number.POSITIVE_INFINITY };
    // A job that is older than the oldest one on the queue is not on it.
    return oldestMs === undefined ? undefined : { beforeMs: now() - oldestMs - OVERDUE_MS };
  };

  const verdictOf = (queue: QueueName): Promise<Verdict> => {
    const verdict = verdicts.get(queue) ?? judge(queue);
    verdicts.set(queue, verdict);
    return verdict;
  };

  /** True if an email of the queue that was accepted at this time or later has been claimed. */
  const hasPassed = async (queue: QueueName, acceptedAtMs: number): Promise<boolean> => {
    const known = passed.get(queue) ?? { yesMs: Number.NEGATIVE_INFINITY, noMs: Number.POSITIVE_INFINITY };
    if (acceptedAtMs <= known.yesMs) return true;
    if (acceptedAtMs >= known.noMs) return false;
    const claimedAtMs = await claimedAfter(backend, queue, acceptedAtMs, now());
    passed.set(queue, claimedAtMs === undefined ? { ...known, noMs: acceptedAtMs } : { ...known, yesMs: claimedAtMs });
    return claimedAtMs !== undefined;
  };

  return {
    async isLost(queue, queuedAtMs) {
      const verdict = await verdictOf(queue);
      return verdict ? queuedAtMs < verdict.beforeMs : hasPassed(queue, queuedAtMs + PASSED_MS);
    },
    canTell: async (queue) => (await verdictOf(queue)) !== NOBODY_CAN_TELL,
  };
}

/** Jobs queued before this time are lost; undefined: only the progress of the queue can tell. */
type Verdict = { readonly beforeMs: number } | undefined;
const NOBODY_CAN_TELL = { beforeMs: 0 };

/** Times of acceptance for which it is known that the queue has come that far, and that it has not. */
interface Passed {
  readonly yesMs: number;
  readonly noMs: number;
}

/**
 * When a claimed email of the queue was accepted, the first found from this time on; undefined if the emails there wait. Where there
 * is none of the queue, it looks at later ones, twice as far each time.
 */
async function claimedAfter(
  { table }: Pick<Backend, 'table'>,
  queue: QueueName,
  fromMs: number,
  nowMs: number,
): Promise<number | undefined> {
  for (let aheadMs = 0; fromMs + aheadMs <= nowMs; aheadMs = Math.max(PASSED_MS, 2 * aheadMs)) {
    const after = timeSort(fromMs + aheadMs, '');
    const query = { index: 'list', partition: EMAIL_PARTITION, order: 'ascending', limit: SAMPLE, after } as const;
    const records = await documentsOf<EmailRecord>(table, await table.query(query));
    const queued = records.filter((record) => record.queue === queue && record.scheduledAtMs === undefined);
    const claimed = queued.filter(({ attempts }) => attempts > 0);
    if (claimed.length > 0) return Math.max(...claimed.map(({ createdAtMs }) => createdAtMs));
    if (queued.length > 0 || records.length === 0) return undefined;
  }
  return undefined;
}
