import { type EmailRecord, recordKey } from '../email/record.ts';
import { eventIdOf, type WebhookEvent } from '../event.ts';
import type { Table } from '../ports/table.ts';
import type { Logger } from '../ports/telemetry.ts';
import { isSimulator } from '../suppression/simulator.ts';
import { suppress } from '../suppression/suppression.ts';
import type { Publish } from '../webhook/dispatch.ts';
import { progress } from './apply.ts';
import { type Feedback, parseSesEvent } from './ses-event.ts';

export interface FeedbackDependencies {
  readonly table: Table;
  readonly publish: Publish;
  readonly log: Logger;
}

/** An event as it came out of the queue. */
export interface Notice {
  readonly id: string;
  readonly body: string;
}

/** Tries at one record against others who change it; beyond, the event comes back by the queue. */
const MAX_CONFLICTS = 20;

/** Notes what SES reports; answers the ids of those notices that must come back. */
export async function settleFeedback(
  notices: readonly Notice[],
  dependencies: FeedbackDependencies,
): Promise<string[]> {
  const { table, log } = dependencies;
  const failed: string[] = [];
  const byEmail = new Map<string, { ids: string[]; events: Feedback[] }>();
  let foreign = 0;
  for (const { id, body } of notices) {
    try {
      const feedback = parseSesEvent(body);
      if (!feedback) {
        foreign++;
        continue;
      }
      const group = byEmail.get(feedback.emailId) ?? { ids: [], events: [] };
      group.ids.push(id);
      group.events.push(feedback);
      byEmail.set(feedback.emailId, group);
    } catch (error) {
      // Neither the body nor the parser's message is logged: they quote addresses.
      log.error('event not understood', { noticeId: id, kind: error instanceof Error ? error.name : typeof error });
      failed.push(id);
    }
  }
  const emailIds = [...byEmail.keys()];
  const records = await table.getMany<EmailRecord>(emailIds.map(recordKey));
  let unknown = 0;
  const work = emailIds.map(async (emailId, index) => {
    const { ids, events } = byEmail.get(emailId) ?? { ids: [], events: [] };
    const record = records[index];
    if (!record) unknown += events.length;
    try {
      await settleEmail(record, events, dependencies);
    } catch (error) {
      log.error('events not noted', { emailId, count: events.length, error });
      failed.push(...ids);
    }
  });
  await Promise.all(work);
  if (foreign + unknown > 0) log.info('events dropped', { notOurs: foreign, emailGone: unknown });
  return failed;
}

/** Tells, then suppresses, then writes: a crash in between repeats what those who are told recognise by its id. */
async function settleEmail(
  found: EmailRecord | undefined,
  events: readonly Feedback[],
  { table, publish }: FeedbackDependencies,
): Promise<void> {
  // A complaint may come after the record has expired; the address counts all the same.
  await suppress(table, publish, events.flatMap(toSuppress));
  let record = found;
  const told = new Set<string>();
  for (let tries = 0; record; tries++) {
    if (tries === MAX_CONFLICTS) throw new Error('the record is changed by others all the time');
    const { news, write } = progress(record, events);
    const untold = news.map((each) => webhookEvent(each)).filter(({ eventId }) => !told.has(eventId));
    await publish(untold);
    for (const { eventId } of untold) told.add(eventId);
    if (!write) return;
    const { applied, document } = await table.update<EmailRecord>(recordKey(record.id), write.change, [
      write.condition,
    ]);
    if (applied) return;
    record = document;
  }
}

/** What the mailbox simulator plays suppresses nobody: the next test must see it again. */
function toSuppress({ suppresses, recipients, emailId, atMs }: Feedback) {
  if (!suppresses) return [];
  const real = recipients.filter((email) => !isSimulator(email));
  return real.map((email) => ({ email, origin: suppresses, sourceId: emailId, atMs }));
}

function webhookEvent({ feedback, recipient }: { feedback: Feedback; recipient?: string }): WebhookEvent {
  const { event, emailId, messageId, atMs, details } = feedback;
  return {
    type: `email.${event}`,
    eventId: eventIdOf(event, emailId, messageId, recipient ?? '', String(atMs)),
    atMs,
    emailId,
    details,
    ...(recipient === undefined ? {} : { recipient }),
  };
}
