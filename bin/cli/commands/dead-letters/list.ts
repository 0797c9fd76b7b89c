import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { listDeadLetters } from '../../../../functions/core/inspection/dead-letters.ts';
import { iso } from '../../../../functions/core/iso-time.ts';
import type { DeadLetter } from '../../../../functions/core/ports/inspection.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { answer, type Context } from '../../context.ts';
import { columns, duration, printable } from '../../layout.ts';

/** `dead-letters list`: looks at the queue without taking anything out. */
export async function list(context: Context, { max }: { max: number }): Promise<void> {
  const backend = await context.backend();
  const { deadLetters } = await backend.inspection();
  const { letters, stopped } = await listDeadLetters(deadLetters, max, context.terminal.interruption());
  const statuses = await emailStatuses(backend.table, letters);
  const entries = letters.map((letter) => view(letter, statuses.get(letter.emailId ?? ''), context.now()));
  answer(context, entries, () => (entries.length === 0 ? 'The dead-letter queue is empty.' : screen(context, entries)));
  if (stopped) context.terminal.note(`The first ${letters.length}; there may be more (--max).`);
}

/** The status of the email of each letter that has one. */
export async function emailStatuses(table: Table, letters: readonly DeadLetter[]): Promise<Map<string, string>> {
  const ids = [...new Set(letters.flatMap(({ emailId }) => emailId ?? []))];
  const records = await table.getMany<EmailRecord>(ids.map(recordKey));
  return new Map(records.flatMap((record) => (record ? [[record.id, record.status] as const] : [])));
}

/** A letter as it is shown. */
export function view(letter: DeadLetter, emailStatus: string | undefined, nowMs: number) {
  return {
    id: letter.id,
    source_queue: letter.sourceQueue ?? null,
    task: letter.job?.task ?? null,
    attempt: letter.job?.attempt ?? null,
    email_id: letter.emailId ?? null,
    email_status: emailStatus ?? null,
    received: letter.receiveCount,
    queued_at: letter.queuedAtMs ? iso(letter.queuedAtMs) : null,
    age_ms: letter.queuedAtMs ? nowMs - letter.queuedAtMs : null,
  };
}

function screen({ terminal }: Context, entries: readonly ReturnType<typeof view>[]): string {
  const rows = entries.map((entry) => [
    entry.id,
    printable(entry.source_queue ?? '-'),
    printable(entry.task ?? 'not a job'),
    entry.attempt ?? '-',
    printable(entry.email_id ?? '-'),
    entry.email_status ?? '-',
    entry.age_ms === null ? '-' : duration(entry.age_ms),
  ]);
  return columns(terminal, ['JOB', 'QUEUE', 'TASK', 'ATTEMPT', 'EMAIL', 'STATUS', 'AGE'], rows);
}
