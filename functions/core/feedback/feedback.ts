import { type CountDocument, countKey } from '../broadcast/counting/progress.ts';
import type { AsWriter } from '../document/writers.ts';
import { type EmailRecord, recordKey } from '../email/record.ts';
import { reportedEventId, type WebhookEvent } from '../event.ts';
import { newVersion } from '../ids.ts';
import type { Table } from '../ports/table.ts';
import type { Logger } from '../ports/telemetry.ts';
import { isSimulator } from '../suppression/simulator.ts';
import { suppress } from '../suppression/suppression.ts';
import type { Publish } from '../webhook/dispatch.ts';
import { applyFeedback, type RecipientFeedback } from './apply.ts';
import { type BatchCounts, broadcastIdsOf, createBatchCounts, recordFromEvents } from './broadcast.ts';
import { type Feedback, parseSesEvent } from './ses-event.ts';

export interface FeedbackDependencies {
  readonly table: Table;
  /** Makes the additions to the counters of broadcasts. */
  readonly asWriter: AsWriter;
  readonly publish: Publish;
  readonly log: Logger;
  readonly now: () => number;
  /** The time that records are kept, in ms. */
  readonly retentionMs: number;
  /** Called once for a batch with `Send` events, with the time of the oldest (epoch ms). */
  readonly sawSend?: (oldestMs: number) => void;
  /** Called when it is recorded that an email was delivered, bounced or was complained about; once for each of them. */
  readonly counted?: (event: CountedEvent) => void;
}

const countedEvents = ['delivered', 'bounced', 'complained'] as const;
export type CountedEvent = (typeof countedEvents)[number];

/** An event of SES as it arrives from the queue. */
export interface QueuedEvent {
  /** The id of the queue's message. */
  readonly id: string;
  readonly body: string;
}

/** Tries to write one record while others change it; after the last the event goes back to the queue. */
const MAX_CONFLICTS = 20;

/** Records what SES reports; answers the ids of the messages that must come back. */
export async function processFeedback(
  queued: readonly QueuedEvent[],
  dependencies: FeedbackDependencies,
): Promise<string[]> {
  const { table, asWriter, log, now, retentionMs } = dependencies;
  const { byEmail, notOurs, failed } = parseAll(queued, log);
  const emailIds = [...byEmail.keys()];
  const all = [...byEmail.values()].flatMap(({ events }) => events);
  const broadcastIds = broadcastIdsOf(all);
  // They may lag: a record is written on condition that it is as it was read, and one that is missing is read again.
  const found = await table.getMany([...emailIds.map(recordKey), ...broadcastIds.map(countKey)], { mayLag: true });
  const records = await withMissing(table, emailIds, found.slice(0, emailIds.length) as (EmailRecord | undefined)[]);
  const documents = found.slice(emailIds.length) as (CountDocument | undefined)[];
  const counts = createBatchCounts(table, new Map(broadcastIds.map((id, index) => [id, documents[index]])), log);
  const sends = all.filter(({ event }) => event === 'sent');
  if (sends.length > 0) dependencies.sawSend?.(Math.min(...sends.map(({ atMs }) => atMs)));
  let emailGone = 0;
  const work = emailIds.map(async (emailId, index) => {
    const { ids, events } = byEmail.get(emailId) ?? { ids: [], events: [] };
    try {
      const known = await processEmail(records[index], events, counts, dependencies);
      if (!known) emailGone += events.length;
    } catch (error) {
      log.error('events not recorded', { emailId, count: events.length, error });
      failed.push(...ids);
    }
  });
  await Promise.all(work);
  await asWriter((writer) => counts.add(now() + retentionMs, writer));
  if (notOurs + emailGone > 0) log.info('events dropped', { notOurs, emailGone });
  return failed;
}

/** The records with those that a lagging read did not find. */
async function withMissing(
  table: Table,
  emailIds: readonly string[],
  records: readonly (EmailRecord | undefined)[],
): Promise<(EmailRecord | undefined)[]> {
  const missing = emailIds.filter((_, index) => !records[index]);
  if (missing.length === 0) return [...records];
  const again = await table.getMany<EmailRecord>(missing.map(recordKey));
  const found = new Map(missing.map((id, index) => [id, again[index]]));
  return records.map((record, index) => record ?? found.get(emailIds[index] ?? ''));
}

/** The events by the email that they are about, with the ids of their messages. */
function parseAll(queued: readonly QueuedEvent[], log: Logger) {
  const byEmail = new Map<string, { ids: string[]; events: Feedback[] }>();
  const failed: string[] = [];
  let notOurs = 0;
  for (const { id, body } of queued) {
    try {
      const feedback = parseSesEvent(body);
      if (!feedback) {
        notOurs++;
        continue;
      }
      const group = byEmail.get(feedback.emailId) ?? { ids: [], events: [] };
      group.ids.push(id);
      group.events.push(feedback);
      byEmail.set(feedback.emailId, group);
    } catch (error) {
      // Neither the body nor the parser's message is logged: they quote addresses.
      log.error('event not understood', { queuedId: id, kind: error instanceof Error ? error.name : typeof error });
      failed.push(id);
    }
  }
  return { byEmail, notOurs, failed };
}

/**
 * Suppresses, publishes, then writes: after a crash in between, a repetition publishes the same events with the same ids. Answers
 * false if there is no record.
 */
async function processEmail(
  found: EmailRecord | undefined,
  events: readonly Feedback[],
  counts: BatchCounts,
  { table, publish, now, retentionMs, counted }: FeedbackDependencies,
): Promise<boolean> {
  // A complaint may arrive after the record has expired; its address is suppressed all the same.
  await suppress(table, publish, events.flatMap(suppressionsOf));
  let record = found ?? (await recordFromEvents(table, events, { nowMs: now(), retentionMs }));
  const published = new Set<string>();
  const version = newVersion();
  for (let tries = 0; record; tries++) {
    if (tries === MAX_CONFLICTS) throw new Error('the record is changed by others all the time');
    const epoch = record.broadcastId === undefined ? 0 : counts.epochOf(record.broadcastId);
    const { toPublish, write, after } = applyFeedback(record, events, { epoch, version });
    const unpublished = toPublish.map(webhookEvent).filter(({ eventId }) => !published.has(eventId));
    await publish(unpublished);
    for (const { eventId } of unpublished) published.add(eventId);
    if (!write) return true;
    const { applied, document } = await table.update<EmailRecord>(recordKey(record.id), write.change, [
      write.condition,
    ]);
    // The client repeats a write whose answer was lost, and finds its own.
    if (applied || document?.feedback === version) {
      counts.note(record, after, events);
      for (const event of countedEvents) if (hasEvent(after, event) && !hasEvent(record, event)) counted?.(event);
      return true;
    }
    record = document;
  }
  return false;
}

const hasEvent = ({ timeline }: EmailRecord, event: CountedEvent): boolean =>
  timeline.some((entry) => entry.event === event);

/** Addresses of the mailbox simulator are not suppressed: the next test must reach it again. */
function suppressionsOf({ suppresses, recipients, emailId, atMs }: Feedback) {
  if (!suppresses) return [];
  const real = recipients.filter((email) => !isSimulator(email));
  return real.map((email) => ({ email, origin: suppresses, sourceId: emailId, atMs }));
}

function webhookEvent({ feedback, recipient }: RecipientFeedback): WebhookEvent {
  const { event, emailId, messageId, atMs, details } = feedback;
  return {
    type: `email.${event}`,
    eventId: reportedEventId({ event, emailId, messageId, recipient, atMs }),
    atMs,
    emailId,
    details,
    ...(recipient === undefined ? {} : { recipient }),
  };
}
