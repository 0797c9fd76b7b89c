import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Receiver, startReceiver } from './receiver.ts';
import { anEmail, running } from './running.ts';

const sendoff = running({ config: { tracking: 'true' } });
let receiver: Receiver;
let secret: string;
let webhookId: string;
const allEvents = [
  'email.sent',
  'email.scheduled',
  'email.delivered',
  'email.bounced',
  'email.complained',
  'email.delivery_delayed',
  'email.opened',
  'email.clicked',
  'email.failed',
  'email.suppressed',
  'suppression.added',
  'suppression.removed',
] as const;

beforeAll(async () => {
  receiver = await startReceiver();
  const { data, error } = await sendoff.resend.webhooks.create({ endpoint: receiver.url, events: [...allEvents] });
  expect(error).toBeNull();
  secret = data?.signing_secret ?? '';
  webhookId = data?.id ?? '';
}, 60_000);
afterAll(() => receiver?.close());

const webhookOf = (type: string, emailId: string | undefined) =>
  receiver.waitFor(({ event }) => event.type === type && event.data.email_id === emailId);

async function send(more: object = {}): Promise<string> {
  const { data, error } = await sendoff.resend.emails.send(anEmail(more) as never);
  expect(error).toBeNull();
  return data?.id ?? '';
}

/** Sends an email to an address that is no test address, and lets SES report this event after its delivery. */
async function sendThen(outcome: 'bounced' | 'complained', more: object): Promise<string> {
  const id = await send(more);
  await webhookOf('email.delivered', id);
  await sendoff.cloud.ses.simulate(messageIdOf(id), outcome);
  return id;
}

const messageIdOf = (id: string) =>
  sendoff.cloud.ses.messages().find(({ tags }) => tags['sendoff-email-id'] === id)?.messageId ?? '';

const to = (mailbox: string, label: string) => ({ to: [`${mailbox}+${label}@simulator.amazonses.com`] });

describe('an event of SES', () => {
  it('moves an email from sent to delivered and is delivered to a webhook, signed for the official client', async () => {
    const id = await send({ headers: { 'X-Tags': '["a"]' }, tags: [{ name: 'campaign', value: 'spring' }] });
    const sent = await webhookOf('email.sent', id);
    const { headers, payload, event } = await webhookOf('email.delivered', id);
    const svix = {
      id: String(headers['svix-id']),
      timestamp: String(headers['svix-timestamp']),
      signature: String(headers['svix-signature']),
    };
    expect(sendoff.resend.webhooks.verify({ payload, headers: svix, webhookSecret: secret })).toEqual(event);
    expect(new Webhook(secret).verify(payload, headers as Record<string, string>)).toEqual(event);
    expect(event.data).toMatchObject({
      from: 'Me <me@example.com>',
      to: ['success@simulator.amazonses.com'],
      recipient: 'success@simulator.amazonses.com',
      tags: { campaign: 'spring' },
      headers: [{ name: 'X-Tags', value: '["a"]' }],
    });
    expect(sent.headers['svix-id']).not.toBe(headers['svix-id']);
    await sendoff.cloud.idle();
    const { json } = await sendoff.request('GET', `/emails/${id}`);
    expect(json.last_event).toBe('delivered');
    const timeline = await sendoff.request('GET', `/emails/${id}/events`);
    expect(timeline.json.data.map(({ type }: { type: string }) => type)).toEqual([
      'email.queued',
      'email.sent',
      'email.delivered',
    ]);
    expect(timeline.json.data[2].recipient).toBe('success@simulator.amazonses.com');
  });

  it('suppresses an address that bounced, which is left out of the next envelope', async () => {
    const bouncing = { to: ['gone@example.net'] };
    const id = await sendThen('bounced', bouncing);
    const bounced = await webhookOf('email.bounced', id);
    expect(bounced.event.data.bounce).toMatchObject({ type: 'Permanent', subType: 'General' });
    const added = await receiver.waitFor(({ event }) => event.data.email === bouncing.to[0]);
    expect(added.event).toMatchObject({ type: 'suppression.added', data: { origin: 'bounce', source_id: id } });
    await sendoff.cloud.idle();
    expect((await sendoff.request('GET', `/emails/${id}`)).json.last_event).toBe('bounced');

    const partly = await send({ to: [bouncing.to[0], 'success+two@simulator.amazonses.com'] });
    const suppressed = await webhookOf('email.suppressed', partly);
    expect(suppressed.event.data.recipient).toBe(bouncing.to[0]);
    await webhookOf('email.delivered', partly);
    const message = sendoff.cloud.ses.messages().at(-1);
    expect(message?.envelope.to).toEqual(['success+two@simulator.amazonses.com']);

    const before = sendoff.cloud.ses.sentCount;
    const wholly = await send(bouncing);
    await webhookOf('email.suppressed', wholly);
    await sendoff.cloud.idle();
    expect((await sendoff.request('GET', `/emails/${wholly}`)).json.last_event).toBe('suppressed');
    expect(sendoff.cloud.ses.sentCount).toBe(before);

    const { data } = await sendoff.resend.suppressions.get(bouncing.to[0] ?? '');
    expect(data).toMatchObject({ email: bouncing.to[0], origin: 'bounce', source_id: id });
    expect((await sendoff.resend.suppressions.remove(bouncing.to[0] ?? '')).data?.deleted).toBe(true);
    await receiver.waitFor(({ event }) => event.type === 'suppression.removed');
    await webhookOf('email.delivered', await send(bouncing));
  });

  it.each([
    ['bounce+twice@simulator.amazonses.com', 'bounced'],
    ['bounced+twice@resend.dev', 'bounced'],
    ['complaint+twice@simulator.amazonses.com', 'complained'],
  ])('repeats for %s: only a caller can suppress an address of the simulator', async (address, event) => {
    for (const _run of ['first', 'second']) {
      const id = await send({ to: [address] });
      await webhookOf(`email.${event}`, id);
      await sendoff.cloud.idle();
      expect((await sendoff.request('GET', `/emails/${id}`)).json.last_event).toBe(event);
    }
    expect((await sendoff.resend.suppressions.get(address)).error?.name).toBe('not_found');
    expect(receiver.received.filter(({ event }) => event.data.email === address)).toEqual([]);
    expect((await sendoff.resend.suppressions.add({ email: address })).error).toBeNull();
    await webhookOf('email.suppressed', await send({ to: [address] }));
  });

  it('suppresses an address that complained', async () => {
    const id = await sendThen('complained', { to: ['angry@example.net'] });
    await webhookOf('email.complained', id);
    await sendoff.cloud.idle();
    expect((await sendoff.request('GET', `/emails/${id}`)).json.last_event).toBe('complained');
    expect((await sendoff.resend.suppressions.get('angry@example.net')).data?.origin).toBe('complaint');
  });

  it('keeps the status delivered for an out-of-office reply, and suppresses nobody', async () => {
    const id = await send(to('ooto', 'o'));
    await webhookOf('email.bounced', id);
    await webhookOf('email.delivered', id);
    await sendoff.cloud.idle();
    expect((await sendoff.request('GET', `/emails/${id}`)).json.last_event).toBe('delivered');
    expect((await sendoff.resend.suppressions.get('ooto+o@simulator.amazonses.com')).error?.name).toBe('not_found');
  });

  it('marks an email as failed that SES rejects after it took it', async () => {
    const virus = 'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*';
    const id = await send({ html: undefined, text: virus });
    const { event } = await webhookOf('email.failed', id);
    expect(event.data.failed.reason).toMatch(/Bad content/);
    await sendoff.cloud.idle();
    expect((await sendoff.request('GET', `/emails/${id}`)).json.last_event).toBe('failed');
  });

  it('publishes opens and clicks, and marks those by programs', async () => {
    const id = await send();
    await webhookOf('email.delivered', id);
    const messageId = messageIdOf(id);
    await sendoff.cloud.ses.simulate(messageId, 'opened', { userAgent: 'Mozilla/5.0' });
    const byBot = await webhookOf('email.opened', id);
    expect(byBot.event.data.open.machine).toBe(true);
    await sendoff.cloud.idle();
    expect((await sendoff.request('GET', `/emails/${id}`)).json.last_event).toBe('delivered');
    await sendoff.cloud.ses.simulate(messageId, 'clicked', { link: 'https://example.com/x' });
    const clicked = await webhookOf('email.clicked', id);
    expect(clicked.event.data.click).toMatchObject({ link: 'https://example.com/x', machine: false });
    await sendoff.cloud.idle();
    expect((await sendoff.request('GET', `/emails/${id}`)).json.last_event).toBe('clicked');
  });

  it('publishes that an email is scheduled', async () => {
    const id = await send({ scheduledAt: new Date(Date.now() + 86_400_000).toISOString() });
    expect((await webhookOf('email.scheduled', id)).event.data.email_id).toBe(id);
  });

  it('can be looked up for an endpoint and replayed', async () => {
    const id = await send();
    const first = await webhookOf('email.delivered', id);
    await sendoff.cloud.idle();
    const eventId = String(first.headers['svix-id']);
    const { data: listed } = await sendoff.resend.webhooks.events.list({ webhookId });
    expect(listed?.data.find((one) => one.id === eventId)).toMatchObject({
      type: 'email.delivered',
      status: 'success',
    });
    const count = () => receiver.received.filter(({ headers }) => headers['svix-id'] === eventId).length;
    expect(count()).toBe(1);
    expect((await sendoff.resend.webhooks.events.replay({ webhookId, eventId })).error).toBeNull();
    await sendoff.cloud.idle();
    expect(count()).toBe(2);
    const { data: attempts } = await sendoff.resend.webhooks.events.attempts.list({ webhookId, eventId });
    expect(attempts?.data.map(({ http_status_code, response }) => [http_status_code, response])).toEqual([
      [200, 'ok'],
      [200, 'ok'],
    ]);
  });
});

describe('an operator', () => {
  const getMetrics = async () =>
    (await sendoff.request('GET', '/emails/metrics?dimensions=period&granularity=minute')).json;

  it('sees over time what was sent, and what SES reported of it', async () => {
    await send();
    await sendoff.cloud.idle();
    const sent = sendoff.cloud.ses.sentCount;
    // Each function writes its lines when an invocation ends, and they arrive a moment later.
    await vi.waitFor(async () => {
      const { note, totals, data } = await getMetrics();
      expect({ note, sent: totals.sent }).toEqual({ note: null, sent });
      expect(totals.accepted).toBeGreaterThanOrEqual(sent);
      expect(totals.delivered).toBeGreaterThanOrEqual(1);
      expect(totals.delivered).toBeLessThanOrEqual(sent);
      // Not in one period: the minute may change between the answer and the send.
      for (const name of ['send_time_p50', 'answer_time_p95'])
        expect(data.some((one: Record<string, unknown>) => typeof one[name] === 'number')).toBe(true);
    }, 10_000);
  });

  it('sees queues, dead letters and what is wrong, and deletes what is no job', async () => {
    const { awsEndpoint: endpoint, region, credentials, outputs } = sendoff.cloud;
    const command = new SendMessageCommand({ QueueUrl: outputs.DeadLetterQueueUrl, MessageBody: 'no job' });
    const { MessageId } = await new SQSClient({ endpoint, region, credentials }).send(command);
    const { json: status } = await sendoff.request('GET', '/status');
    expect(status).toMatchObject({ object: 'status', sending: { held: false } });
    expect(status.queues.find(({ name }: { name: string }) => name === 'dead letters')).toMatchObject({ waiting: 1 });
    expect(status.findings).toContainEqual(expect.objectContaining({ check: 'dead letters', level: 'problem' }));
    const { json: listed } = await sendoff.request('GET', '/dead-letters');
    expect(listed).toMatchObject({ has_more: false, data: [{ id: MessageId, body: 'no job', task: null }] });
    const { json: redriven } = await sendoff.request('POST', '/dead-letters/redrive', { all: true });
    expect(redriven).toMatchObject({ redriven: 0, left: 1, has_more: false });
    const { json: purged } = await sendoff.request('POST', '/dead-letters/purge', { ids: [MessageId, 'other'] });
    expect(purged).toMatchObject({ purged: 1, emails_failed: 0, missing: ['other'], has_more: false });
    expect((await sendoff.request('GET', '/dead-letters')).json.data).toEqual([]);
  });
});
