import { type SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { EventType } from '../../../../../../lib/local/cloud/ses/events/event-types.ts';
import { parseEventType } from '../../../../../../lib/local/cloud/ses/events/event-types.ts';
import { createEventPublisher } from '../../../../../../lib/local/cloud/ses/events/events.ts';
import type { Ses } from '../../../../../../lib/local/cloud/ses/ses.ts';
import type { SesOptions } from '../../../../../../lib/local/cloud/ses/ses-options.ts';
import { rawMessage, startSes } from '../ses-server.ts';

const topicArn = 'arn:aws:sns:eu-west-1:123456789012:feedback';
const everyType = 'send reject bounce complaint delivery open click renderingFailure deliveryDelay'.split(' ');
const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const feedbackId = expect.stringMatching(/^0100[0-9a-f]{12}-[0-9a-f-]{36}-000000$/);

type Event = { eventType: string; mail: { headersTruncated: boolean; headers: unknown[] } } & Record<string, unknown>;

async function startWithEvents(options: SesOptions = {}): Promise<{ ses: Ses; client: SESClient; events: Event[] }> {
  const events: Event[] = [];
  const { ses, client } = await startSes({
    region: 'eu-west-1',
    accountId: '123456789012',
    publish: async (topic, message) => void events.push({ topic, ...JSON.parse(message) }),
    ...options,
  });
  ses.putConfigurationSet('feedback');
  ses.putEventDestination('feedback', { name: 'sns', eventTypes: everyType, topicArn, enabled: true });
  return { ses, client, events };
}

const mailTo = (...Destinations: string[]) =>
  new SendRawEmailCommand({
    Source: 'Ada <ada@example.com>',
    Destinations,
    ConfigurationSetName: 'feedback',
    Tags: [{ Name: 'email_id', Value: 'e-1' }],
    RawMessage: { Data: rawMessage({ headers: ['Message-ID: <ours@example.com>', 'Cc: c@example.net'] }) },
  });

describe('SES events', () => {
  it('publishes Send once and Delivery per recipient, each with the mail it is about', async () => {
    const { ses, client, events } = await startWithEvents();
    const { MessageId } = await client.send(mailTo('bob@example.net', 'success+a@simulator.amazonses.com'));
    await ses.flushEvents();

    const mail = {
      timestamp: isoTime,
      source: 'ada@example.com',
      sourceArn: 'arn:aws:ses:eu-west-1:123456789012:identity/example.com',
      sendingAccountId: '123456789012',
      messageId: MessageId,
      destination: ['bob@example.net', 'success+a@simulator.amazonses.com'],
      headersTruncated: false,
      headers: [
        { name: 'From', value: 'Ada <ada@example.com>' },
        { name: 'To', value: 'bob@example.net' },
        { name: 'Subject', value: 'Hi' },
        { name: 'MIME-Version', value: '1.0' },
        { name: 'Message-ID', value: '<ours@example.com>' },
        { name: 'Cc', value: 'c@example.net' },
      ],
      commonHeaders: {
        from: ['Ada <ada@example.com>'],
        to: ['bob@example.net'],
        cc: ['c@example.net'],
        subject: 'Hi',
        messageId: MessageId,
      },
      tags: {
        'ses:operation': ['SendRawEmail'],
        'ses:configuration-set': ['feedback'],
        'ses:source-ip': ['127.0.0.1'],
        'ses:from-domain': ['example.com'],
        'ses:caller-identity': ['send-function'],
        email_id: ['e-1'],
      },
    };
    const delivery = (recipient: string) => ({
      topic: topicArn,
      eventType: 'Delivery',
      mail,
      delivery: {
        timestamp: isoTime,
        processingTimeMillis: expect.any(Number),
        recipients: [recipient],
        smtpResponse: '250 2.6.0 Message received',
        reportingMTA: 'a0-1.smtp-out.amazonses.com',
      },
    });
    expect(events).toEqual([
      { topic: topicArn, eventType: 'Send', mail, send: {} },
      delivery('bob@example.net'),
      delivery('success+a@simulator.amazonses.com'),
    ]);
  });

  const failed = { action: 'failed', status: '5.1.1', diagnosticCode: expect.any(String) };
  const hardBounce = { bounceType: 'Permanent', bounceSubType: 'General', bouncedRecipients: [failed] };
  const suppressed = { ...hardBounce, bounceSubType: 'OnAccountSuppressionList' };
  const complaint = { complaintFeedbackType: 'abuse', complaintSubType: null, feedbackId, arrivalDate: isoTime };
  const autoReply = { bounceType: 'Transient', bounceSubType: 'General', feedbackId };

  it.each<[string, string[], object]>([
    ['success@simulator.amazonses.com', ['Send', 'Delivery'], {}],
    ['delivered+x@resend.dev', ['Send', 'Delivery'], {}],
    ['bounce@simulator.amazonses.com', ['Send', 'Bounce'], { bounce: hardBounce }],
    ['BOUNCE+label@Simulator.AmazonSES.com', ['Send', 'Bounce'], { bounce: hardBounce }],
    ['bounced@resend.dev', ['Send', 'Bounce'], { bounce: hardBounce }],
    ['suppressionlist@simulator.amazonses.com', ['Send', 'Bounce'], { bounce: suppressed }],
    ['suppressed@resend.dev', ['Send', 'Bounce'], { bounce: suppressed }],
    ['complaint@simulator.amazonses.com', ['Send', 'Delivery', 'Complaint'], { complaint }],
    ['complained@resend.dev', ['Send', 'Delivery', 'Complaint'], { complaint }],
    ['ooto@simulator.amazonses.com', ['Send', 'Delivery', 'Bounce'], { bounce: autoReply }],
    ['bounce@example.net', ['Send', 'Delivery'], {}],
  ])('plays the mailbox simulator for %s', async (recipient, types, last) => {
    const { ses, client, events } = await startWithEvents();
    await client.send(mailTo(recipient));
    await ses.flushEvents();
    expect(events.map(({ eventType }) => eventType)).toEqual(types);
    expect(events.at(-1)).toMatchObject(last);
    expect(JSON.stringify(events.at(-1))).toContain(`"${recipient}"`);
  });

  it('rejects a mail with a virus for all recipients and delivers it to none', async () => {
    const { ses, client, events } = await startWithEvents();
    const eicar = Buffer.from('X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*').toString(
      'base64',
    );
    const mail = mailTo('bob@example.net');
    mail.input.RawMessage = { Data: rawMessage({ body: eicar }) };
    await client.send(mail);
    await ses.flushEvents();
    expect(events.map(({ eventType, reject }) => [eventType, reject])).toEqual([
      ['Send', undefined],
      ['Reject', { reason: 'Bad content' }],
    ]);
  });

  it('publishes what a test simulates: opens, clicks, delays, rendering failures, addresses suppressed for a complaint', async () => {
    const { ses, client, events } = await startWithEvents();
    const { MessageId = '' } = await client.send(mailTo('bob@example.net'));
    await ses.flushEvents();
    events.length = 0;
    await ses.simulate(MessageId, 'opened', { userAgent: 'GoogleImageProxy' });
    await ses.simulate(MessageId, 'clicked', { link: 'https://example.com/a' });
    await ses.simulate(MessageId, 'delayed', { recipient: 'c@example.net' });
    await ses.simulate(MessageId, 'rendering-failed');
    await ses.simulate(MessageId, 'complaint-suppressed');
    expect(events).toMatchObject([
      { eventType: 'Open', open: { timestamp: isoTime, userAgent: 'GoogleImageProxy', ipAddress: '192.0.2.1' } },
      { eventType: 'Click', click: { timestamp: isoTime, link: 'https://example.com/a', linkTags: null } },
      {
        eventType: 'DeliveryDelay',
        deliveryDelay: {
          delayType: 'TransientCommunicationFailure',
          delayedRecipients: [{ emailAddress: 'c@example.net' }],
        },
      },
      { eventType: 'Rendering Failure', failure: { templateName: 'template' } },
      {
        eventType: 'Complaint',
        complaint: {
          complaintSubType: 'OnAccountSuppressionList',
          complainedRecipients: [{ emailAddress: 'bob@example.net' }],
        },
      },
    ]);
    await expect(ses.simulate('unknown', 'opened')).rejects.toThrow('keeps no message unknown');
  });

  it('publishes nothing without a configuration set, for other event types, or to a disabled destination', async () => {
    const { ses, client, events } = await startWithEvents();
    ses.putEventDestination('feedback', { name: 'sns', eventTypes: ['BOUNCE'], topicArn, enabled: true });
    await client.send(mailTo('bob@example.net'));
    ses.putEventDestination('feedback', { name: 'sns', eventTypes: everyType, topicArn, enabled: false });
    await client.send(mailTo('bob@example.net'));
    const plain = mailTo('bob@example.net');
    plain.input.ConfigurationSetName = undefined;
    await client.send(plain);
    await ses.flushEvents();
    expect(events).toEqual([]);
    expect(ses.sentCount).toBe(3);
  });

  it('follows the configured delays, so that events can arrive out of order', async () => {
    const { ses, client, events } = await startWithEvents({ eventDelayMs: { Send: 40, Delivery: 0 } });
    await client.send(mailTo('bob@example.net'));
    await ses.flushEvents();
    expect(events.map(({ eventType }) => eventType)).toEqual(['Delivery', 'Send']);
  });

  it('publishes events that wait for their time when it closes, and leaves no timer behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const published: string[] = [];
    const publisher = createEventPublisher({
      region: 'eu-west-1',
      accountId: '123456789012',
      now: () => 0,
      topicsFor: () => [topicArn],
      publish: async (_topic, message) => void published.push(JSON.parse(message).eventType),
      delayMs: { Send: 10, Delivery: 20 },
      log: (line) => expect.unreachable(line),
    });
    const envelope = { from: 'a@example.com', to: ['b@example.net'] };
    publisher.sent(
      { messageId: 'm', envelope, tags: {}, raw: '', sentAtMs: 0, configurationSet: 'feedback' },
      [],
      [{ recipient: 'b@example.net', outcome: 'delivered' }],
    );
    await vi.advanceTimersByTimeAsync(10);
    await publisher.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(published).toEqual(['Send', 'Delivery']);
  });

  it('logs a publish that fails, by the id of the message, and goes on', async () => {
    const lines: string[] = [];
    const { ses, client } = await startWithEvents({
      log: (line) => void lines.push(line),
      publish: async () => {
        throw new Error('no topic');
      },
    });
    const { MessageId } = await client.send(mailTo('bob@example.net'));
    await ses.flushEvents();
    expect(lines).toEqual(
      ['Send', 'Delivery'].map(
        (type) => `local SES: the ${type} event of ${MessageId} was not published: Error: no topic`,
      ),
    );
  });

  it('cuts headers over 10 KB and says so', async () => {
    const { ses, client, events } = await startWithEvents();
    const mail = mailTo('bob@example.net');
    const headers = Array.from({ length: 20 }, (_, n) => `X-Long-${n}: ${'x'.repeat(900)}`);
    mail.input.RawMessage = { Data: rawMessage({ headers }) };
    await client.send(mail);
    await ses.flushEvents();
    expect(events[0]?.mail.headersTruncated).toBe(true);
    expect(JSON.stringify(events[0]?.mail.headers).length).toBeLessThan(11 * 1024);
    expect(events[0]?.mail.headers.length).toBeGreaterThan(10);
  });
});

describe('event types', () => {
  it.each<[string, EventType]>([
    ['renderingFailure', 'RenderingFailure'],
    ['DELIVERY_DELAY', 'DeliveryDelay'],
    ['Rendering Failure', 'RenderingFailure'],
    ['send', 'Send'],
  ])('reads %s', (text, type) => expect(parseEventType(text)).toBe(type));

  it('refuses an unknown one by name', () => {
    expect(() => parseEventType('bouncing')).toThrow('unknown SES event type "bouncing"');
  });
});
