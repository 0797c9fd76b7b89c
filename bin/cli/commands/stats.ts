import { documentPages } from '../../../functions/core/document/pages.ts';
import { timeSort } from '../../../functions/core/document/time-sort.ts';
import { EMAIL_PARTITION, type EmailRecord } from '../../../functions/core/email/record.ts';
import { type EmailStatus, lastEvent } from '../../../functions/core/email/status.ts';
import { iso } from '../../../functions/core/iso-time.ts';
import type { QueueDepth } from '../../../functions/core/ports/inspection.ts';
import type { Table } from '../../../functions/core/ports/table.ts';
import { answer, type Context } from '../context.ts';
import { columns, duration, fields, paint } from '../layout.ts';
import { toneOf } from './status.ts';

const PAGE = 500;

/** `stats`: the depths of the queues, and the statuses of recent emails. */
export async function showStats(context: Context, { since, max }: { since: number; max: number }): Promise<void> {
  const backend = await context.backend();
  const [depths, recent] = await Promise.all([
    backend.inspection().then((inspection) => inspection.depths()),
    recentRecords(backend.table, context.now() - since, max),
  ]);
  const queues = depths.map(({ queue, waiting, running, delayed }) => ({ queue, waiting, running, delayed }));
  const emails = summary(recent.records, context.now());
  const complete = recent.complete;
  answer(context, { queues, emails: { since: iso(context.now() - since), complete, ...emails } }, () =>
    [
      columns(context.terminal, ['QUEUE', 'WAITING', 'RUNNING', 'DELAYED'], rowsOf(context, queues)),
      '',
      `Emails of the last ${duration(since)}: ${emails.total}${complete ? '' : ` (the newest only; --max ${max})`}`,
      ...(emails.total > 0 ? ['', statusTable(context, emails), '', timings(emails)] : []),
    ].join('\n'),
  );
}

function rowsOf({ terminal }: Context, queues: readonly QueueDepth[]) {
  return queues.map(({ queue, waiting, running, delayed }) => {
    const alarming = queue === 'dead letters' && waiting > 0;
    return [paint(terminal, alarming ? 'bad' : 'plain', queue), waiting, running, delayed];
  });
}

async function recentRecords(table: Table, sinceMs: number, max: number) {
  const limit = Math.min(PAGE, max);
  const query = { index: 'list', partition: EMAIL_PARTITION, order: 'descending', limit } as const;
  const records: EmailRecord[] = [];
  for await (const page of documentPages<EmailRecord>(table, { ...query, before: timeSort(sinceMs, '') })) {
    records.push(...page);
    if (records.length >= max) return { records: records.slice(0, max), complete: false };
  }
  return { records, complete: true };
}

type Summary = ReturnType<typeof summary>;

function summary(records: readonly EmailRecord[], nowMs: number) {
  const counts = new Map<EmailStatus, number>();
  for (const { status } of records) counts.set(status, (counts.get(status) ?? 0) + 1);
  const sentAfterMs = records.flatMap(sendTime).sort((a, b) => a - b);
  const waiting = records.filter(({ status }) => lastEvent(status) === 'queued');
  const oldest = Math.min(...waiting.map((record) => record.scheduledAtMs ?? record.createdAtMs));
  return {
    total: records.length,
    by_status: Object.fromEntries([...counts].sort(([, a], [, b]) => b - a)) as Partial<Record<EmailStatus, number>>,
    sent_after_ms: { median: quantile(sentAfterMs, 0.5), p95: quantile(sentAfterMs, 0.95) },
    oldest_waiting_ms: waiting.length > 0 ? Math.max(0, nowMs - oldest) : null,
  };
}

/** The time from when an email was due until SES had it, in ms; none if it was not sent. */
function sendTime({ timeline, createdAtMs, scheduledAtMs }: EmailRecord): number[] {
  const sent = timeline.find(({ event }) => event === 'sent');
  return sent ? [Math.max(0, sent.atMs - (scheduledAtMs ?? createdAtMs))] : [];
}

function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}

function statusTable({ terminal }: Context, { by_status, total }: Summary): string {
  const rows = (Object.entries(by_status) as [EmailStatus, number][]).map(([status, number]) => [
    paint(terminal, toneOf(status), status),
    number,
    `${((100 * number) / total).toFixed(1).padStart(5)} %`,
  ]);
  return columns(terminal, ['STATUS', 'EMAILS', 'SHARE'], rows);
}

function timings({ sent_after_ms: { median, p95 }, oldest_waiting_ms: oldest }: Summary): string {
  return fields([
    [
      'Sent after',
      median === null || p95 === null ? 'none sent yet' : `${duration(median)} (median), ${duration(p95)} (95 %)`,
    ],
    ['Oldest waiting', oldest === null ? 'none' : duration(oldest)],
  ]);
}
