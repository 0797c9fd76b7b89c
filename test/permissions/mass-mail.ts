import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { contactId } from '../../functions/core/audience/contact.ts';
import { memberKey, countKey as segmentCountKey } from '../../functions/core/audience/membership.ts';
import { leaveSegments, removeSegment } from '../../functions/core/audience/removal.ts';
import { broadcastDueEntry, broadcastKey } from '../../functions/core/broadcast/broadcast.ts';
import { countKey } from '../../functions/core/broadcast/counting/progress.ts';
import { recountBroadcast } from '../../functions/core/broadcast/counting/recount.ts';
import { type EmailRecord, recordKey } from '../../functions/core/email/record.ts';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import type { OutgoingJob } from '../../functions/core/ports/broker.ts';
import type { Visit } from './visit.ts';

const POLL_MS = 100;
const WITHIN_MS = 60_000;
const LINK = 'https://example.com/offer';
/** Together more than a body in the table has, even compressed: random names are. */
const ROWS = 200;
const NAME_BYTES = 48;
const CONTACT = 'contact@example.net';

/** Contacts are imported, a segment and a list get a broadcast, SES reports on it, its counters are counted again, all is deleted. */
export async function massMail(visit: Visit): Promise<void> {
  const { ask, local } = visit;
  const segment = await ask('POST', '/segments', { name: 'Customers' });
  const topic = await ask('POST', '/topics', { name: 'News', default_subscription: 'opt_in' });
  await ask('POST', '/contact-properties', { key: 'company', type: 'string', fallback_value: 'you' });
  await ask('POST', '/contacts', { email: CONTACT, first_name: 'Ann' });
  await local.table.delete(segmentCountKey(segment.id));
  await importContacts(visit, segment.id);
  await ask('PATCH', `/contacts/${CONTACT}`, { last_name: 'Lee' });
  await ask('GET', `/contacts/${CONTACT}`);
  await ask('GET', `/segments/${segment.id}/contacts`);
  const content = {
    from: 'news@example.com',
    subject: 'Hello {{{FIRST_NAME|there}}}',
    html: `<p>For {{{company}}}: <a href="${LINK}">an offer</a></p>`,
    send: true,
  };
  const toSegment = await ask('POST', '/broadcasts', { ...content, segment_id: segment.id, topic_id: topic.id });
  await ended(visit, toSegment.id);
  const listed = await ask('POST', '/broadcasts', { ...content, recipients: [{ email: 'listed@example.net' }] });
  await ended(visit, listed.id);
  await handOver(visit, { ...content, segment_id: segment.id, scheduled_at: 'in 2 days' });
  await report(visit, toSegment.id);
  await recount(visit, toSegment.id);
  await ask('DELETE', `/segments/${segment.id}`);
  const member = memberKey(segment.id, contactId(CONTACT));
  await until('the members of a segment are deleted', async () => (await local.table.get(member)) === undefined);
  await queue(visit, removeSegment.call({ id: segment.id, last: true }));
  const count = segmentCountKey(segment.id);
  await until('the counter of a segment is deleted', async () => (await local.table.get(count)) === undefined);
  await queue(visit, leaveSegments.call({ id: contactId(CONTACT), untilMs: Date.now() }));
  await ask('DELETE', `/contacts/${CONTACT}`);
  // Jobs that look again after a minute or an hour: later steps wait until no job is left.
  await visit.sqs.send(new PurgeQueueCommand({ QueueUrl: local.cloud.outputs.TransactionalQueueUrl }));
}

/** A file that is too large for the table. */
async function importContacts({ local: { cloud, apiKey }, ask }: Visit, segmentId: string): Promise<void> {
  const addresses = Array.from({ length: ROWS }, () => `${randomBytes(12).toString('hex')}@example.net`);
  const rows = [CONTACT, ...addresses].map((email) => `${email},${randomBytes(NAME_BYTES).toString('hex')},Lee`);
  const form = new FormData();
  form.set('file', new Blob([`email,first_name,last_name\n${rows.join('\n')}\n`]), 'contacts.csv');
  form.set('segments', JSON.stringify([segmentId]));
  const headers = { authorization: `Bearer ${apiKey}` };
  const response = await fetch(`${cloud.apiUrl}/contacts/imports`, { method: 'POST', headers, body: form });
  if (!response.ok) throw new Error(`the import was answered ${response.status}`);
  const { id } = (await response.json()) as { id: string };
  await until(
    'contacts are imported',
    async () => (await ask('GET', `/contacts/imports/${id}`)).status === 'completed',
  );
}

/** The schedule queues the fan-out of a broadcast that is due soon. */
async function handOver({ ask, local: { cloud, table } }: Visit, broadcast: object): Promise<void> {
  const { id } = await ask('POST', '/broadcasts', broadcast);
  // As if the days had passed.
  const scheduledAtMs = Date.now() + 60_000;
  await table.update(broadcastKey(id), { set: { scheduledAtMs }, due: broadcastDueEntry(scheduledAtMs, id) });
  const { payload, error } = await cloud.function('ScheduleFunction').invoke({});
  if (error || (payload as { broadcasts: number }).broadcasts < 1) throw new Error('no broadcast was handed over');
  await ask('POST', `/broadcasts/${id}/cancel`);
}

const ended = ({ ask }: Visit, id: string) =>
  until('a broadcast is sent', async () => (await ask('GET', `/broadcasts/${id}`)).status === 'sent');

/** A person clicks, which SES reports with the option `tracking` alone; then an event comes for an email whose record was never written. */
async function report({ ask, local: { cloud, table } }: Visit, broadcastId: string): Promise<void> {
  const message = cloud.ses.messages().find(({ envelope }) => envelope.to.includes(CONTACT));
  const { messageId = '', tags = {} } = message ?? {};
  const emailId = tags[EMAIL_ID_TAG] ?? '';
  await cloud.ses.simulate(messageId, 'clicked', { link: LINK });
  const clicked = async () => (await ask('GET', `/broadcasts/${broadcastId}/clicked-links`)).data.length > 0;
  await until('a click is counted', clicked);
  const key = recordKey(emailId);
  await table.delete(key);
  await table.delete(countKey(broadcastId));
  await cloud.ses.simulate(messageId, 'delivered');
  await until('a record is written', async () => (await table.get<EmailRecord>(key)) !== undefined);
}

/** Queues the step that counts; the one before it waits for the additions of functions that still run. */
async function recount(visit: Visit, id: string): Promise<void> {
  const { table } = visit.local;
  await queue(visit, recountBroadcast.call({ id, round: 0 }));
  const epoch = async () => (await table.get<{ epoch?: number }>(countKey(id)))?.epoch;
  await until('an epoch of the counters is closed', async () => (await epoch()) !== undefined);
  await table.update(countKey(id), { set: { sent: 0 } });
  await queue(visit, recountBroadcast.call({ id, round: 0, n: 0, counts: {}, links: [['x', `${LINK}?x`, 1, 1]] }));
  const sent = async () => (await table.get<{ sent?: number }>(countKey(id)))?.sent ?? 0;
  await until('the counters are replaced', async () => (await sent()) > 0);
}

async function queue({ sqs, local }: Visit, { job }: OutgoingJob): Promise<void> {
  const QueueUrl = local.cloud.outputs.TransactionalQueueUrl;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(job) }));
}

async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + WITHIN_MS; !(await ask()); await pause(POLL_MS))
    if (Date.now() > endMs) throw new Error(`still waiting until ${what}`);
}
