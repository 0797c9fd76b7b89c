import { createWriters } from '../../../../functions/core/document/writers.ts';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { claim } from '../../../../functions/core/email/transitions.ts';
import type { WebhookEvent } from '../../../../functions/core/event.ts';
import { processFeedback } from '../../../../functions/core/feedback/feedback.ts';
import type { LogFields } from '../../../../functions/core/ports/telemetry.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

export const NOW_MS = Date.parse('2026-11-21T10:00:00Z');

/** The events of SES in memory; records that a worker has claimed. */
export function setUp() {
  const backend = createMemoryBackend();
  const { table } = backend;
  const published: WebhookEvent[] = [];
  const logged: { message: string; fields?: LogFields | undefined }[] = [];
  const write = (message: string, fields?: LogFields) => void logged.push({ message, fields });
  const dependencies = {
    table,
    asWriter: createWriters(() => NOW_MS),
    publish: async (events: readonly WebhookEvent[]) => void published.push(...events),
    log: { info: write, warn: write, error: write },
    now: () => NOW_MS,
    retentionMs: 30 * 86_400_000,
  };
  let notices = 0;
  const settle = (...bodies: string[]) =>
    processFeedback(
      bodies.map((body) => ({ id: `notice-${++notices}`, body })),
      dependencies,
    );
  const record = async (id = 'one') => {
    const found = await table.get<EmailRecord>(recordKey(id));
    if (!found) throw new Error(`no record ${id}`);
    return found;
  };
  /** A record that a worker has claimed with attempt 1. */
  const sending = async (id = 'one', to = ['A <a@example.com>']) => {
    const fields: EmailRecord = {
      ...{ id, to, status: 'queued', from: 'me@example.com', subject: 's', createdAtMs: NOW_MS - 1_000 },
      ...{ fingerprint: 'f', queue: 'transactional', attempts: 0, timeline: [] },
    };
    await table.insert({ key: recordKey(id), fields });
    await claim(table, { id, fingerprint: 'f' }, { ...run, leaseUntilMs: NOW_MS + 60_000 });
  };
  return { backend, table, published, logged, dependencies, settle, record, sending };
}

/** The run that claims with attempt 1. */
export const run = { runId: 'run', attempt: 1, nowMs: NOW_MS, leaseUntilMs: NOW_MS + 1 };
export const one = { emailId: 'one' };
export const eventsOf = ({ timeline }: EmailRecord) => timeline.map(({ event }) => event);
