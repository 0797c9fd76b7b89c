import { BROADCAST_ID_TAG, EMAIL_ID_TAG } from '../../../../functions/core/email/schema.ts';

/** The id that SES gives to the message of an email in these tests. */
export const messageIdOf = (emailId: string): string => `ses-${emailId}`;

const SENT_AT_MS = Date.parse('2026-11-21T10:00:00Z');

interface EventOptions {
  readonly emailId: string;
  readonly recipients?: readonly string[];
  /** After the send. */
  readonly afterMs?: number;
  readonly messageId?: string;
  readonly broadcastId?: string;
  /** The link that was clicked. */
  readonly link?: string;
}

/** An event as SES publishes it; `own` is the part that is named after the event. */
function event(
  eventType: string,
  { emailId, recipients = ['a@example.com'], messageId = messageIdOf(emailId), broadcastId }: EventOptions,
  own: object,
): string {
  return JSON.stringify({
    eventType,
    mail: {
      timestamp: new Date(SENT_AT_MS).toISOString(),
      messageId,
      destination: recipients,
      tags: {
        'ses:operation': ['SendRawEmail'],
        [EMAIL_ID_TAG]: [emailId],
        ...(broadcastId === undefined ? {} : { [BROADCAST_ID_TAG]: [broadcastId] }),
      },
      source: 'news@example.com',
      commonHeaders: { from: ['News <news@example.com>'], subject: 'News' },
    },
    ...own,
  });
}

const at = ({ afterMs = 1_000 }: EventOptions) => new Date(SENT_AT_MS + afterMs).toISOString();
const addressed = ({ recipients = ['a@example.com'] }: EventOptions) =>
  recipients.map((emailAddress) => ({ emailAddress, diagnosticCode: 'smtp; 550 5.1.1 no such user' }));

/** Events as SES publishes them (https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html). */
export const sesEvents = {
  send: (options: EventOptions) => event('Send', options, { send: {} }),
  delivery: (options: EventOptions) =>
    event('Delivery', options, {
      delivery: {
        timestamp: at(options),
        processingTimeMillis: 500,
        recipients: options.recipients ?? ['a@example.com'],
        smtpResponse: '250 ok',
        reportingMTA: 'mta.example.com',
      },
    }),
  delay: (options: EventOptions) =>
    event('DeliveryDelay', options, {
      deliveryDelay: { timestamp: at(options), delayType: 'MailboxFull', delayedRecipients: addressed(options) },
    }),
  bounce: (options: EventOptions, bounceType = 'Permanent', bounceSubType = 'General') =>
    event('Bounce', options, {
      bounce: { timestamp: at(options), bounceType, bounceSubType, bouncedRecipients: addressed(options) },
    }),
  complaint: (options: EventOptions, complaintFeedbackType: string | null = 'abuse') =>
    event('Complaint', options, {
      complaint: { timestamp: at(options), complainedRecipients: addressed(options), complaintFeedbackType },
    }),
  suppressedComplaint: (options: EventOptions) =>
    event('Complaint', options, {
      complaint: {
        timestamp: at(options),
        complaintSubType: 'OnAccountSuppressionList',
        complainedRecipients: addressed(options),
      },
    }),
  reject: (options: EventOptions) => event('Reject', options, { reject: { reason: 'Bad content' } }),
  open: (options: EventOptions, userAgent = 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140') =>
    event('Open', options, { open: { timestamp: at(options), ipAddress: '192.0.2.1', userAgent } }),
  click: (options: EventOptions, userAgent = 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140') =>
    event('Click', options, {
      click: {
        timestamp: at(options),
        ipAddress: '192.0.2.1',
        userAgent,
        link: options.link ?? 'https://example.com/',
        linkTags: null,
      },
    }),
  renderingFailure: (options: EventOptions) =>
    event('Rendering Failure', options, { failure: { templateName: 't', errorMessage: 'no such attribute' } }),
};
