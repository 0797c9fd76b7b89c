import { addClicks, countedLink, linkHash } from '../broadcast/counting/links.ts';
import { addCounts, type CountDocument } from '../broadcast/counting/progress.ts';
import { addTallies, differenceOf, emptyTally, type Tally } from '../broadcast/counting/tally.ts';
import { emailIdOf } from '../broadcast/delivery/recipient.ts';
import type { Writer } from '../document/writers.ts';
import { normalizeAddress } from '../email/address.ts';
import { type EmailRecord, recordKey } from '../email/record.ts';
import { derivedId } from '../ids.ts';
import type { Table } from '../ports/table.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { Feedback } from './ses-event.ts';

/**
 * Events may arrive before the `Send` event of their message. Later than this after the send, an email without a record is one that
 * was deleted (`sendoff forget`) and stays so.
 */
const RECORD_FROM_ANY_EVENT_MS = 3_600_000;

/** The broadcasts that events belong to. */
export const broadcastIdsOf = (events: readonly Feedback[]): string[] => [
  ...new Set(events.flatMap(({ broadcast }) => broadcast?.broadcastId ?? [])),
];

/**
 * Inserts the record of a broadcast's email that SES took but whose worker died before it wrote the record: the chunk, when it is
 * delivered again, leaves out recipients that have one. Answers the record, also if another process was faster; undefined if
 * these events do not prove that it is missing.
 */
export async function recordFromEvents(
  table: Pick<Table, 'insert'>,
  events: readonly Feedback[],
  { nowMs, retentionMs }: { readonly nowMs: number; readonly retentionMs: number },
): Promise<EmailRecord | undefined> {
  const proof = events.find(
    ({ broadcast, event, sentAtMs }) =>
      broadcast && nowMs - sentAtMs < (event === 'sent' ? retentionMs : RECORD_FROM_ANY_EVENT_MS),
  );
  if (!proof?.broadcast) return undefined;
  const { emailId: id, messageId, sentAtMs, broadcast } = proof;
  const { broadcastId, from, to, subject } = broadcast;
  const contactId = derivedId('contact', normalizeAddress(to[0] ?? ''));
  const fields: EmailRecord = {
    ...{ id, status: 'sent', from, to, subject, createdAtMs: sentAtMs },
    ...{ fingerprint: broadcastId, queue: 'bulk', attempts: 1, messageId },
    timeline: [{ atMs: sentAtMs, event: 'sent' }],
    broadcastId,
    // The id says whether the recipient was a contact or came with a list.
    ...(emailIdOf(broadcastId, contactId) === id ? { contactId } : {}),
  };
  const inserted = await table.insert<EmailRecord>({
    key: recordKey(id),
    fields,
    expiresAtMs: sentAtMs + retentionMs,
  });
  return inserted.document;
}

/** The counters that a batch of events adds to: one write for each broadcast, and one for each clicked link. */
export interface BatchCounts {
  /** The epoch in which the batch counts. */
  epochOf(broadcastId: string): number;
  /** Notes the difference that a write made to a record. */
  note(before: EmailRecord, after: EmailRecord, events: readonly Feedback[]): void;
  /** Adds what was noted. An error is logged: `broadcast.recount` counts again later. */
  add(expiresAtMs: number, writer: Writer): Promise<void>;
}

/** Makes the counters of a batch; `documents` are those of its broadcasts. */
export function createBatchCounts(
  table: Table,
  documents: ReadonlyMap<string, CountDocument | undefined>,
  log: Logger,
): BatchCounts {
  const tallies = new Map<string, Tally>();
  const urls = new Map<string, string>();
  const epochOf = (broadcastId: string) => documents.get(broadcastId)?.epoch ?? 0;
  return {
    epochOf,
    note: (before, after, events) => {
      const { broadcastId } = before;
      if (broadcastId === undefined) return;
      tallies.set(broadcastId, addTallies(tallies.get(broadcastId) ?? emptyTally, differenceOf(before, after)));
      for (const { details } of events) {
        const link = details.click && countedLink(details.click.link);
        // The entry of the timeline has only its beginning.
        if (link !== undefined) urls.set(linkHash(link), link);
      }
    },
    add: async (expiresAtMs, writer) => {
      const adding = [...tallies].map(async ([broadcastId, { counts, links }]) => {
        const options = { epoch: epochOf(broadcastId), expiresAtMs, writer };
        const whole = [...links].map(
          ([hash, clicks]) => [hash, { ...clicks, url: urls.get(hash) ?? clicks.url }] as const,
        );
        try {
          await addCounts(table, broadcastId, counts, options);
          await addClicks(table, broadcastId, new Map(whole), options);
        } catch (error) {
          log.error('events of a broadcast not counted', { broadcastId, error });
        }
      });
      await Promise.all(adding);
    },
  };
}
