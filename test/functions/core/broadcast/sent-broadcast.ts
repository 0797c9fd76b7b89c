import { contactId } from '../../../../functions/core/audience/contact.ts';
import { type Broadcast, broadcastKey } from '../../../../functions/core/broadcast/broadcast.ts';
import { addCounts, type Counts, counters } from '../../../../functions/core/broadcast/counting/progress.ts';
import { addTallies, emptyTally, tallyOf } from '../../../../functions/core/broadcast/counting/tally.ts';
import { type Chunk, type ChunkResult, newChunk } from '../../../../functions/core/broadcast/delivery/chunk.ts';
import { emailIdOf } from '../../../../functions/core/broadcast/delivery/recipient.ts';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { messageIdOf } from '../feedback/ses-events.ts';

export const SENT_AT_MS = Date.parse('2026-11-21T10:00:00Z');
export const RETENTION_MS = 30 * 86_400_000;
export const BROADCAST_ID = 'b0000000-0000-4000-8000-000000000000';

/** A broadcast that was sent to contacts, as fan-out and delivery leave it. */
export interface SentBroadcast {
  readonly id: string;
  /** In the order of sending, without those that were skipped. */
  readonly emailIds: readonly string[];
  readonly emails: readonly string[];
}

export const addressOf = (index: number): string => `r${index}@example.com`;

/**
 * Writes a broadcast whose last chunk was delivered at `SENT_AT_MS`: chunks of contacts, records and counters. `skipped` are positions
 * in each chunk.
 */
export async function putSentBroadcast(
  table: Table,
  {
    chunks = 1,
    size = 4,
    skipped = {},
    count = true,
    id = BROADCAST_ID,
    from = 'news@example.com',
  }: {
    chunks?: number;
    size?: number;
    skipped?: ChunkResult['skipped'];
    count?: boolean;
    id?: string;
    from?: string;
  } = {},
): Promise<SentBroadcast> {
  const fields: Broadcast = {
    ...{ id, name: 'News', status: 'sent', segmentId: 's', contentId: 'c', from, subject: 'News' },
    ...{ createdAtMs: SENT_AT_MS, updatedAtMs: SENT_AT_MS, startedAtMs: SENT_AT_MS, sentAtMs: SENT_AT_MS },
    ...{ nextChunk: chunks, taken: chunks * size, ended: true, total: chunks * size },
  };
  await table.insert({ key: broadcastKey(id), fields, list: { partition: 'broadcast', sort: `${SENT_AT_MS}#${id}` } });
  const left = new Set(Object.values(skipped).flat());
  const emails: string[] = [];
  for (let n = 0; n < chunks; n++) {
    const own = Array.from({ length: size }, (_, index) => addressOf(n * size + index));
    const result: ChunkResult = { sent: size - left.size, failed: 0, skipped };
    const chunk: Chunk = { broadcastId: id, n, recipients: own.map(contactId), doneAtMs: SENT_AT_MS, result };
    await table.insert(newChunk(chunk, SENT_AT_MS + RETENTION_MS));
    emails.push(...own.filter((_, index) => !left.has(index)));
  }
  for (const email of emails) await table.insert({ key: recordKey(idOf(id, email)), fields: recordOf(id, email) });
  const { suppressed = [], unsubscribed = [], deleted = [] } = skipped;
  const counts: Counts = {
    sent: emails.length,
    suppressed: chunks * suppressed.length,
    skipped: chunks * (unsubscribed.length + deleted.length),
    chunksDone: chunks,
    recipientsDone: chunks * size,
  };
  if (count) await addCounts(table, id, counts);
  return { id, emails, emailIds: emails.map((email) => idOf(id, email)) };
}

export const idOf = (broadcastId: string, email: string): string => emailIdOf(broadcastId, contactId(email));

/** The record that delivery inserts. */
export function recordOf(broadcastId: string, email: string): EmailRecord {
  const id = idOf(broadcastId, email);
  return {
    ...{ id, status: 'sent', from: 'news@example.com', to: [email], subject: 'News', createdAtMs: SENT_AT_MS },
    ...{ fingerprint: 'c', queue: 'bulk', attempts: 1, messageId: messageIdOf(id), broadcastId },
    ...{ contactId: contactId(email), timeline: [{ atMs: SENT_AT_MS, event: 'sent' }] },
  };
}

/** Answers the right counters of events, from the records alone. */
export async function eventsOf(table: Table, { emailIds }: SentBroadcast): Promise<Counts> {
  const records = await table.getMany<EmailRecord>(emailIds.map(recordKey));
  const { counts } = records.reduce((sum, one) => (one ? addTallies(sum, tallyOf(one)) : sum), emptyTally);
  return Object.fromEntries(counters.map((name) => [name, counts[name] ?? 0]));
}
