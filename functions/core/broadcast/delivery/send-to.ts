import { contentBytes } from '../../email/message-size.ts';
import { addressOf } from '../../email/recipients.ts';
import { type EmailRecord, groupOf, recordKey } from '../../email/record.ts';
import { BROADCAST_ID_TAG } from '../../email/schema.ts';
import type { Claims } from '../../email/send/claims.ts';
import type { Compose, MemoryBudget } from '../../email/send/memory-budget.ts';
import { type Place, type TransmitDependencies, transmit } from '../../email/send/transmit.ts';
import { markFailed, markSent } from '../../email/transitions.ts';
import { SendoffError } from '../../errors.ts';
import { eventIdOf } from '../../event.ts';
import type { Table } from '../../ports/table.ts';
import type { Metrics } from '../../ports/telemetry.ts';
import type { UnsubscribeLink, Unsubscription } from '../../suppression/unsubscribe-link.ts';
import { HeldElsewhere, Postponed, type Run } from '../../task/task.ts';
import type { Publish } from '../../webhook/dispatch.ts';
import type { Broadcast } from '../broadcast.ts';
import { type PreparedContent, renderFor } from '../content.ts';
import type { Addressee } from './consent.ts';
import type { BroadcastReader } from './reader.ts';
import { emailIdOf } from './recipient.ts';

export interface SendToDependencies extends TransmitDependencies {
  readonly table: Table;
  readonly claims: Claims;
  readonly compose: Compose;
  /** The memory for large emails; absent: no limit. */
  readonly memory?: MemoryBudget;
  readonly reader: BroadcastReader;
  readonly unsubscribe: (recipient: Unsubscription) => Promise<UnsubscribeLink>;
  readonly publish: Publish;
  readonly metrics: Metrics;
  /** The time that records are kept, in ms. */
  readonly retentionMs: number;
}

/** The outcome of sending to one recipient. `repeated`: the address is in another chunk, too. */
export type Sent = 'sent' | 'failed' | 'repeated';

/**
 * Thrown when nobody knows whether the provider took an email, or the table does not say that it did. The chunk must wait: the
 * provider's `Send` event tells.
 */
export class Unknown extends Error {
  override readonly name = 'Unknown';
  /** The least wait in seconds; absent when only the end of the lease decides. */
  readonly waitSeconds: number;

  constructor(message: string, waitSeconds: number, cause: unknown) {
    super(message, { cause });
    this.waitSeconds = waitSeconds;
  }
}

/** The provider's `Send` event arrives within about a second. */
const LEAST_WAIT_SECONDS = 60;

/** The values that all emails of a chunk share. */
export interface ChunkOfEmails {
  readonly broadcast: Broadcast;
  readonly content: PreparedContent;
  readonly n: number;
}

/** The record of a recipient's email tells by this which chunk it is of, where an address may be in two. */
export const fingerprintOf = ({ mayRepeat, contentId }: Broadcast, n: number): string =>
  mayRepeat ? `chunk#${n}` : contentId;

/**
 * Sends to one recipient at the given turn, and writes the record of the email: after the send, as the claim of the chunk keeps other
 * workers away, or where an address may be in two chunks, before it.
 *
 * @throws Postponed and HeldElsewhere when nothing was sent; Unknown when that is not certain.
 */
export async function sendTo(
  addressee: Addressee,
  chunk: ChunkOfEmails,
  place: Place,
  run: Run,
  dependencies: SendToDependencies,
): Promise<Sent> {
  const bytes = contentBytes({ ...chunk.content, attachments: [] });
  const room = await dependencies.memory?.acquire(bytes, place.untilMs);
  try {
    return await composeAndSend(addressee, chunk, place, run, dependencies);
  } finally {
    room?.release();
  }
}

async function composeAndSend(
  addressee: Addressee,
  chunk: ChunkOfEmails,
  place: Place,
  run: Run,
  dependencies: SendToDependencies,
): Promise<Sent> {
  const { claims, metrics, sending } = dependencies;
  const { record, raw, unfit } = await compose(addressee, chunk, run, dependencies);
  const repeated = chunk.broadcast.mayRepeat ? await reserve(record, run, dependencies) : undefined;
  if (repeated) return repeated;
  if (unfit) return fail(record, chunk, unfit, run, dependencies);
  const message = {
    emailId: record.id,
    from: addressOf(record.from),
    destinations: [addressee.email],
    raw,
    tags: [{ name: BROADCAST_ID_TAG, value: chunk.broadcast.id }],
  };
  let messageId: string;
  try {
    messageId = await transmit(message, place, () => claims.maySend(run.id), dependencies);
  } catch (error) {
    if (error instanceof Postponed || error instanceof HeldElsewhere) throw error;
    if (error instanceof SendoffError && !error.retryable) return fail(record, chunk, error, run, dependencies);
    const seconds = error instanceof SendoffError ? (error.retryAfterSeconds ?? LEAST_WAIT_SECONDS) : 0;
    throw new Unknown('the provider did not say whether it took an email', seconds, error);
  }
  metrics.count('sent', run.queue);
  try {
    await recordSent(record, chunk, messageId, run, dependencies);
  } catch (error) {
    throw new Unknown('an email was sent, but not recorded yet', LEAST_WAIT_SECONDS, error);
  }
  await sending.sent().catch((error: unknown) => run.log.warn('the end of a pause is not noted', { error }));
  return 'sent';
}

interface Composed {
  readonly record: EmailRecord;
  readonly raw: Uint8Array;
  /** Why it cannot be sent. */
  readonly unfit?: SendoffError;
}

const NONE = new Uint8Array();

async function compose(
  { contactId, ...recipient }: Addressee,
  { broadcast, content, n }: ChunkOfEmails,
  { now, queue, log }: Run,
  { compose: composeMime, unsubscribe, reader }: SendToDependencies,
): Promise<Composed> {
  const { id: broadcastId, from, replyTo, topicId } = broadcast;
  const { email } = recipient;
  const id = emailIdOf(broadcastId, typeof contactId === 'string' && !broadcast.listed ? contactId : { email });
  const about = { id: broadcastId, ...(contactId ? { contactId } : {}), ...(topicId ? { topicId } : {}) };
  const { url, headers } = await unsubscribe({ email, sender: from, emailId: id, broadcast: about });
  const lookups = { unsubscribeUrl: url, propertyFallback: await reader.propertyFallback() };
  const { subject, html, text } = renderFor(content, recipient, lookups);
  const record: EmailRecord = {
    ...{ id, status: 'sending', from, to: [email], ...(replyTo ? { replyTo } : {}), subject },
    ...{ createdAtMs: now(), fingerprint: fingerprintOf(broadcast, n), queue, group: groupOf(broadcastId) },
    ...{ attempts: 1, timeline: [], broadcastId, ...(contactId ? { contactId } : {}) },
  };
  const parts = { ...(html === undefined ? {} : { html }), ...(text === undefined ? {} : { text }) };
  try {
    return { record, raw: await composeMime(record, { ...parts, headers, attachments: [] }, 0) };
  } catch (cause) {
    // One recipient's values must not keep the others of the chunk waiting.
    log.error('an email of a broadcast could not be composed', { emailId: id, broadcastId, error: cause });
    const known = cause instanceof SendoffError && !cause.retryable;
    const unfit = known
      ? cause
      : new SendoffError('application_error', 500, 'The email could not be composed', { cause });
    return { record, unfit, raw: NONE };
  }
}

/** Inserts the record before the send. Answers what became of the email if there is one; undefined if it is to be sent. */
async function reserve(
  record: EmailRecord,
  { now }: Run,
  { table, retentionMs }: SendToDependencies,
): Promise<Sent | undefined> {
  const stored = { key: recordKey(record.id), fields: record, expiresAtMs: now() + retentionMs };
  const { applied, document } = await table.insert<EmailRecord>(stored);
  if (applied || !document) return undefined;
  if (document.fingerprint !== record.fingerprint) return 'repeated';
  // A crashed run of this chunk inserted it; its Send event would have come.
  return document.status === 'sending' ? undefined : outcomeOf(document);
}

/** The outcome of an email, according to its record. */
export const outcomeOf = ({ status, messageId }: EmailRecord): 'sent' | 'failed' =>
  status === 'failed' && messageId === undefined ? 'failed' : 'sent';

/** One write for claim, result and message id. The Send event may have inserted a record meanwhile: it lacks some fields. */
async function recordSent(
  record: EmailRecord,
  { broadcast: { mayRepeat } }: ChunkOfEmails,
  messageId: string,
  { now }: Run,
  { table, retentionMs }: SendToDependencies,
): Promise<void> {
  const atMs = now();
  if (mayRepeat) {
    await markSent(table, record.id, messageId, atMs);
    return;
  }
  const timeline = [{ atMs, event: 'sent' }] as const;
  const fields: EmailRecord = { ...record, status: 'sent', messageId, timeline };
  const { applied } = await table.insert({ key: recordKey(record.id), fields, expiresAtMs: atMs + retentionMs });
  if (applied) return;
  const { from, to, replyTo, subject, fingerprint, group, contactId } = record;
  const set = { from, to, replyTo, subject, fingerprint, group, contactId };
  const known = Object.entries(set).filter(([, value]) => value !== undefined);
  await table.update(recordKey(record.id), { set: Object.fromEntries(known) });
}

/** Records an email that cannot be sent, and publishes that; a repeated call publishes the same event id. */
async function fail(
  record: EmailRecord,
  { broadcast: { mayRepeat } }: ChunkOfEmails,
  { message }: SendoffError,
  { now, queue }: Run,
  { table, publish, metrics, retentionMs }: SendToDependencies,
): Promise<'failed'> {
  const atMs = now();
  const timeline = [{ atMs, event: 'failed', detail: message }] as const;
  if (mayRepeat) await markFailed(table, record, [{ status: 'sending' }], atMs, message);
  else
    await table.insert({
      key: recordKey(record.id),
      fields: { ...record, status: 'failed', timeline },
      expiresAtMs: atMs + retentionMs,
    });
  metrics.count('failed', queue);
  await publishFailed({ ...record, timeline }, publish);
  return 'failed';
}

/** Publishes that an email has failed, according to its record. */
export async function publishFailed({ id, timeline }: EmailRecord, publish: Publish): Promise<void> {
  const end = timeline.findLast(({ event }) => event === 'failed');
  if (!end) return;
  const details = { failed: { reason: end.detail ?? '' } };
  const eventId = eventIdOf('email.failed', id, String(end.atMs), '1');
  await publish([{ type: 'email.failed', eventId, atMs: end.atMs, emailId: id, details }]);
}
