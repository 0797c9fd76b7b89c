import { documentPages } from '../document/pages.ts';
import { timeSort } from '../document/time-sort.ts';
import type { Backend } from '../ports/backend.ts';
import type { BodyStore } from '../ports/bodies.ts';
import type { Table } from '../ports/table.ts';
import { slices } from '../slices.ts';
import { bodyKey } from './body.ts';
import { EMAIL_PARTITION, type EmailRecord, recordKey } from './record.ts';
import { retryEmail } from './reschedule.ts';

/** A choice of failed emails; without a limit all that are kept. */
export interface FailedChoice {
  /** Accepted at this time or later, epoch ms. */
  readonly sinceMs?: number | undefined;
  /** Accepted before this time, epoch ms. */
  readonly untilMs?: number | undefined;
  /** A part of the reason, in any case. */
  readonly reason?: string | undefined;
}

export interface WalkOptions {
  /** Ends the walk after the current page. */
  readonly signal: AbortSignal;
  /** Called after each page with the number of emails so far. */
  readonly onProgress?: ((emails: number) => void) | undefined;
}

/** A reason why emails failed, without what differs between them. */
export interface FailureReason {
  readonly reason: string;
  readonly emails: number;
  /** The id of the oldest of them. */
  readonly example: string;
}

export interface FailedEmails {
  /** Oldest first. */
  readonly ids: readonly string[];
  /** The most frequent first. */
  readonly reasons: readonly FailureReason[];
  /** How many cannot be sent again, as their bodies have expired; they are not among the others. */
  readonly withoutBody: number;
  /** True when it ended before the list did. */
  readonly stopped: boolean;
}

export interface Retried {
  readonly retried: number;
  /** Those that are not `failed` any more. */
  readonly left: number;
  readonly stopped: boolean;
}

const READ_AT_ONCE = 500;
const RETRIED_PAGE = 100;
/** Enough for some hundreds of emails a second, which neither the table nor a queue notices. */
const RETRIED_AT_ONCE = 20;

/** Reads the list of emails, oldest first, and answers those that failed. */
export async function findFailed(
  { table, bodies }: { readonly table: Table; readonly bodies: BodyStore },
  { sinceMs = 0, untilMs = Number.MAX_SAFE_INTEGER, reason = '' }: FailedChoice,
  { signal, onProgress }: WalkOptions,
): Promise<FailedEmails> {
  const ids: string[] = [];
  const groups = new Map<string, FailureReason>();
  let [examined, withoutBody, stopped] = [0, 0, false];
  const list = { index: 'list', partition: EMAIL_PARTITION, order: 'ascending', limit: READ_AT_ONCE } as const;
  const range = { after: timeSort(sinceMs, ''), before: timeSort(Math.min(untilMs, LAST_MS), '') };
  for await (const page of documentPages<EmailRecord>(table, { ...list, ...range })) {
    for (const record of page.filter(({ status }) => status === 'failed')) {
      const detail = failureOf(record);
      if (!detail.toLowerCase().includes(reason.toLowerCase())) continue;
      if (NAMES_BODY.test(detail) && !(await bodies.get(bodyKey(record.id, record.fingerprint)))) {
        withoutBody++;
        continue;
      }
      ids.push(record.id);
      const kind = kindOf(detail);
      const { emails, example } = groups.get(kind) ?? { emails: 0, example: record.id };
      groups.set(kind, { reason: kind, emails: emails + 1, example });
    }
    examined += page.length;
    onProgress?.(examined);
    stopped = signal.aborted;
    if (stopped) break;
  }
  return { ids, reasons: [...groups.values()].sort((a, b) => b.emails - a.emails), withoutBody, stopped };
}

/**
 * Queues failed emails again, on the bulk queue: thousands of old emails must not delay new transactional ones. Rejects after a
 * page in which one could not be queued; those before it are.
 */
export async function retryFailed(
  backend: Pick<Backend, 'table' | 'broker' | 'updateAndSend'>,
  ids: readonly string[],
  { signal, onProgress, now }: WalkOptions & { readonly now: () => number },
): Promise<Retried> {
  const count = { retried: 0, left: 0 };
  const retryOne = async (record: EmailRecord | undefined) => {
    const failed = record?.status === 'failed' ? ({ ...record, queue: 'bulk' } as const) : undefined;
    const outcome = failed && (await retryEmail(failed, { backend, nowMs: now() }));
    count[outcome?.applied ? 'retried' : 'left']++;
  };
  for (const some of slices(ids, RETRIED_PAGE)) {
    if (signal.aborted) return { ...count, stopped: true };
    const waiting = await backend.table.getMany<EmailRecord>(some.map(recordKey));
    const lane = async () => {
      while (waiting.length > 0) await retryOne(waiting.shift());
    };
    const lanes = await Promise.allSettled(Array.from({ length: RETRIED_AT_ONCE }, lane));
    onProgress?.(count.retried + count.left);
    for (const one of lanes) if (one.status === 'rejected') throw one.reason;
  }
  return { ...count, stopped: false };
}

/** The highest time that the 13 digits of a sort value hold. */
const LAST_MS = 9_999_999_999_999;
/** A reason that may be a missing body; reading the body of every failed email would be much traffic. */
const NAMES_BODY = /\bbody\b/i;

const failureOf = ({ timeline }: EmailRecord): string =>
  timeline.findLast(({ event }) => event === 'failed')?.detail ?? '';

/** The reason without what differs from email to email: addresses, ids, times, URLs and other numbers. */
function kindOf(detail: string): string {
  return (
    detail
      .replaceAll(/https?:\/\/[^\s"')]+/g, '<url>')
      .replaceAll(/[^\s<>"',:;()]+@[^\s<>"',:;()]+/g, '<address>')
      .replaceAll(/\b[0-9a-f]{8}-[0-9a-f-]{27,}\b/gi, '<id>')
      .replaceAll(/\b\d{4}-\d\d-\d\d[T ][\d:.]+Z?/g, '<time>')
      .replaceAll(/\b\d{4,}\b/g, '<number>') || 'no reason on the record'
  );
}
