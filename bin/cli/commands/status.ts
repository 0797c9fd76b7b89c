import { setTimeout as sleep } from 'node:timers/promises';
import { type EmailRecord, recordKey } from '../../../functions/core/email/record.ts';
import { type EmailStatus, isUnsent } from '../../../functions/core/email/status.ts';
import { timelineOf } from '../../../functions/core/email/timeline.ts';
import { iso, isoOrNull } from '../../../functions/core/iso-time.ts';
import type { Table } from '../../../functions/core/ports/table.ts';
import { answer, type Context } from '../context.ts';
import { CliError, exitCodes, notFoundError } from '../errors.ts';
import { columns, duration, fields, paint, printable, type Tone, timeOf } from '../layout.ts';
import { noteHold } from './hold.ts';

const lost: readonly EmailStatus[] = ['failed', 'canceled', 'suppressed', 'bounced', 'complained'];
const POLL_MS = 500;

/** `status ID`: the status of an email and its timeline; with `wait`, as soon as it is sent or has ended otherwise. */
export async function showStatus(context: Context, id: string, { wait }: { wait?: number }): Promise<void> {
  const { table } = await context.backend();
  const record = wait === undefined ? await find(table, id) : await settled(context, table, id, wait);
  answer(context, view(record), () => screen(context, record));
  if (isUnsent(record)) await noteHold(context);
  if (wait === undefined) return;
  if (isUnsent(record)) throw new CliError(`It is still ${record.status} after ${wait} s.`);
  if (lost.includes(record.status)) throw new CliError(`It was not delivered: ${record.status}.`);
}

async function find(table: Table, id: string): Promise<EmailRecord> {
  const record = await table.get<EmailRecord>(recordKey(id));
  if (!record) throw notFoundError(`No email has the id ${id}. Ids are kept as long as the option retentionDays says.`);
  return record;
}

async function settled(
  { terminal, now }: Context,
  table: Table,
  id: string,
  waitSeconds: number,
): Promise<EmailRecord> {
  const signal = terminal.interruption();
  const deadlineMs = now() + waitSeconds * 1000;
  for (;;) {
    const record = await find(table, id);
    if (!isUnsent(record) || now() >= deadlineMs) return record;
    terminal.progress(`${record.status} …`);
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new CliError(`Stopped waiting; it is ${record.status}.`, exitCodes.interrupted);
  }
}

/** The colour of a status. */
export function toneOf(status: EmailStatus): Tone {
  if (isUnsent({ status })) return 'plain';
  return lost.includes(status) ? 'bad' : status === 'delivery_delayed' ? 'warning' : 'good';
}

function view(record: EmailRecord) {
  const { id, status, from, to, cc = [], bcc = [], replyTo = [], subject, tags = [], queue, attempts } = record;
  return {
    id,
    status,
    from,
    to,
    cc,
    bcc,
    reply_to: replyTo,
    subject,
    tags,
    queue,
    attempts,
    created_at: iso(record.createdAtMs),
    scheduled_at: isoOrNull(record.scheduledAtMs),
    message_id: record.messageId ?? null,
    events: timelineOf(record).map(({ atMs, event, detail, lastAtMs, count }) => ({
      type: event,
      at: iso(atMs),
      ...(detail === undefined ? {} : { detail }),
      ...(lastAtMs === undefined ? {} : { last_at: iso(lastAtMs), count }),
    })),
  };
}

function screen({ terminal }: Context, record: EmailRecord): string {
  const people = (addresses: readonly string[] = []) => addresses.map(printable).join(', ');
  const head = fields([
    ['Email', record.id],
    ['Status', paint(terminal, toneOf(record.status), record.status)],
    ['From', printable(record.from)],
    ['To', people(record.to)],
    ['Cc', people(record.cc)],
    ['Bcc', people(record.bcc)],
    ['Reply-To', people(record.replyTo)],
    ['Subject', printable(record.subject)],
    ['Tags', record.tags?.map(({ name, value }) => `${name}=${value}`).join(', ')],
    ['Queue', record.queue],
    ['Attempts', record.attempts],
    ['Scheduled', record.scheduledAtMs === undefined ? undefined : timeOf(record.scheduledAtMs)],
    ['SES id', record.messageId],
  ]);
  const start = record.timeline[0]?.atMs ?? record.createdAtMs;
  const rows = timelineOf(record).map(({ atMs, event, detail = '', count = 1, lastAtMs = atMs }) => [
    timeOf(atMs),
    `+${duration(atMs - start)}`,
    event,
    printable(count > 1 ? `${detail} (${count} times in ${duration(lastAtMs - atMs)})` : detail),
  ]);
  return `${head}\n\n${columns(terminal, ['TIME', 'AFTER', 'EVENT', 'DETAIL'], rows)}`;
}
