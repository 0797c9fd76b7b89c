import * as z from 'zod/mini';
import { normalizeAddress } from '../email/address.ts';
import { BROADCAST_ID_TAG, EMAIL_ID_TAG } from '../email/schema.ts';
import type { ReportedStatus } from '../email/status.ts';
import type { EventDetails } from '../event.ts';
import { isBot } from './bot.ts';

/** One event that SES reports about an email. */
export interface Feedback {
  readonly event: ReportedStatus;
  readonly emailId: string;
  readonly messageId: string;
  readonly atMs: number;
  /** When SES took the message, epoch ms. */
  readonly sentAtMs: number;
  /** Normalized addresses; empty: all recipients of the email. */
  readonly recipients: readonly string[];
  /** A bounce that is not permanent. */
  readonly soft?: boolean;
  /** An open or a click by a program. */
  readonly bot?: boolean;
  /** For the timeline. */
  readonly detail?: string;
  readonly details: EventDetails;
  /** The origin of the suppression that follows. */
  readonly suppresses?: 'bounce' | 'complaint';
  /** A bounce of which SES does not know whether it is permanent. */
  readonly undetermined?: boolean;
  /** The values for the record of a broadcast's email, in case there is none. */
  readonly broadcast?: BroadcastMail;
}

/** An email of a broadcast, as SES describes it. */
export interface BroadcastMail {
  readonly broadcastId: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
}

const time = z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text))));

/** Texts of other servers are cut: queues and payloads have a size limit. */
const MAX_TEXT_LENGTH = 2_000;

const text = z.catch(z.pipe(z.string(), z.transform(cut)), '');

const addressed = z.array(
  z.object({ emailAddress: z.string(), diagnosticCode: z.optional(z.nullable(z.string())), status: z.optional(text) }),
);

const envelopeSchema = z.object({
  eventType: z.string(),
  mail: z.object({
    timestamp: time,
    messageId: z.string(),
    destination: z.catch(z.array(z.string()), []),
    tags: z.catch(z.record(z.string(), z.array(z.string())), {}),
    source: text,
    commonHeaders: z.catch(z.object({ from: z.optional(z.array(z.string())), subject: z.optional(text) }), {}),
  }),
});

type Envelope = z.infer<typeof envelopeSchema>;

const openFields = { timestamp: time, ipAddress: text, userAgent: text };

const schemas = {
  delivery: z.object({ timestamp: time, recipients: z.array(z.string()), smtpResponse: text }),
  delay: z.object({ timestamp: time, delayType: text, delayedRecipients: addressed }),
  bounce: z.object({ timestamp: time, bounceType: z.string(), bounceSubType: text, bouncedRecipients: addressed }),
  complaint: z.object({
    timestamp: time,
    complaintSubType: z.optional(z.nullable(text)),
    complainedRecipients: addressed,
    complaintFeedbackType: z.optional(z.nullable(z.string())),
  }),
  reject: z.object({ reason: text }),
  failure: z.object({ errorMessage: text }),
  open: z.object(openFields),
  click: z.object({ ...openFields, link: text }),
};

type EventFields = Pick<Feedback, 'event' | 'atMs' | 'recipients' | 'details'> & Partial<Feedback>;

/** https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html */
const readers: Readonly<Record<string, (event: Record<string, unknown>, mail: Envelope['mail']) => EventFields>> = {
  Send: (_event, mail) => ({ event: 'sent', atMs: Date.parse(mail.timestamp), recipients: [], details: {} }),
  Delivery: ({ delivery }) => {
    const { timestamp, recipients, smtpResponse } = schemas.delivery.parse(delivery);
    return { event: 'delivered', atMs: Date.parse(timestamp), recipients, details: {}, detail: smtpResponse };
  },
  DeliveryDelay: ({ deliveryDelay }) => {
    const { timestamp, delayType, delayedRecipients } = schemas.delay.parse(deliveryDelay);
    const detail = delayedRecipients[0]?.diagnosticCode ?? delayType;
    return {
      event: 'delivery_delayed',
      atMs: Date.parse(timestamp),
      recipients: delayedRecipients.map(({ emailAddress }) => emailAddress),
      details: { delay: { type: delayType } },
      detail,
    };
  },
  Bounce: ({ bounce }) => readBounce(schemas.bounce.parse(bounce)),
  Complaint: ({ complaint }) => readComplaint(schemas.complaint.parse(complaint)),
  Reject: ({ reject }, mail) => readFailure(schemas.reject.parse(reject).reason, mail),
  'Rendering Failure': ({ failure }, mail) => readFailure(schemas.failure.parse(failure).errorMessage, mail),
  Open: ({ open }, mail) => {
    const { timestamp, ipAddress, userAgent } = schemas.open.parse(open);
    const bot = isBot(userAgent);
    const details = { open: { ipAddress, timestamp, userAgent, machine: bot } };
    return { event: 'opened', atMs: Date.parse(timestamp), recipients: soleRecipient(mail), details, bot };
  },
  Click: ({ click }, mail) => {
    const { timestamp, ipAddress, userAgent, link } = schemas.click.parse(click);
    const bot = isBot(userAgent);
    const details = { click: { ipAddress, link, timestamp, userAgent, machine: bot } };
    return {
      event: 'clicked',
      atMs: Date.parse(timestamp),
      recipients: soleRecipient(mail),
      details,
      bot,
      detail: link.slice(0, 200),
    };
  },
};

function cut(long: string): string {
  return long.slice(0, MAX_TEXT_LENGTH);
}

function readBounce({
  timestamp,
  bounceType,
  bounceSubType,
  bouncedRecipients,
}: z.infer<typeof schemas.bounce>): EventFields {
  const permanent = bounceType === 'Permanent';
  const suppressed = permanent && /suppress/i.test(bounceSubType);
  const said = cut(bouncedRecipients[0]?.diagnosticCode ?? '');
  const fields = {
    atMs: Date.parse(timestamp),
    recipients: bouncedRecipients.map(({ emailAddress }) => emailAddress),
    ...(said ? { detail: said } : {}),
    ...(permanent ? { suppresses: 'bounce' as const } : {}),
  };
  if (suppressed) return { ...fields, ...suppressedBySes(bounceSubType, said) };
  // Programs read the wording: django-anymail recognizes a bounce by `bounce message` (anymail/webhooks/resend.py).
  const message =
    `The recipient's email provider sent a ${permanent ? 'hard' : 'general'} bounce message. ${said}`.trim();
  const details = { bounce: { message, type: bounceType, subType: bounceSubType } };
  const kind = {
    ...(permanent ? {} : { soft: true }),
    ...(bounceType === 'Undetermined' ? { undetermined: true } : {}),
  };
  return { ...fields, event: 'bounced', details, ...kind };
}

function readComplaint({
  timestamp,
  complaintSubType,
  complainedRecipients,
  complaintFeedbackType,
}: z.infer<typeof schemas.complaint>): EventFields {
  const type = complaintFeedbackType ?? 'abuse';
  const fields = {
    atMs: Date.parse(timestamp),
    recipients: complainedRecipients.map(({ emailAddress }) => emailAddress),
    // RFC 5965 7.3: by `not-spam` the recipient says that the email is no spam.
    ...(type === 'not-spam' ? {} : { suppresses: 'complaint' as const }),
  };
  // SES accepted the message and did not send it: nobody complained about this email.
  if (complaintSubType && /suppress/i.test(complaintSubType))
    return { ...fields, ...suppressedBySes(complaintSubType) };
  return { ...fields, event: 'complained', details: { complaint: { type } }, detail: type };
}

/** An email that SES accepted and did not send, because the address is on a suppression list of SES. */
function suppressedBySes(type: string, said = '') {
  const message = `Amazon SES has suppressed sending to this address. ${said}`.trim();
  return { event: 'suppressed' as const, details: { suppressed: { message, type } } };
}

function readFailure(reason: string, mail: Envelope['mail']): EventFields {
  const said = `Amazon SES refused the message: ${reason}`;
  // The event has no time of its own.
  const atMs = Date.parse(mail.timestamp);
  return { event: 'failed', atMs, recipients: [], details: { failed: { reason: said } }, detail: said };
}

/** SES does not say who opened an email; if there is one recipient, it was this one. */
function soleRecipient({ destination }: Envelope['mail']): string[] {
  return destination.length === 1 ? destination : [];
}

/** Details of a timeline are cut at this length. */
export const DETAIL_LENGTH = 200;

/**
 * Reads an event as SES publishes it to SNS. Answers undefined for events of mail without our tag, for types of events
 * that Sendoff does not use, and for the text that SES sends to test a new topic. Throws for a malformed event.
 */
export function parseSesEvent(body: string): Feedback | undefined {
  if (/^Successfully validated SNS topic/.test(body)) return undefined;
  const event: Record<string, unknown> = z.record(z.string(), z.unknown()).parse(JSON.parse(body));
  const { eventType, mail } = envelopeSchema.parse(event);
  const emailId = mail.tags[EMAIL_ID_TAG]?.[0];
  const read = Object.hasOwn(readers, eventType) ? readers[eventType] : undefined;
  if (emailId === undefined || !read) return undefined;
  const { detail, ...fields } = read(event, mail);
  return {
    emailId,
    messageId: mail.messageId,
    sentAtMs: Date.parse(mail.timestamp),
    ...fields,
    recipients: [...new Set(fields.recipients.map(normalizeAddress))],
    ...(detail ? { detail: detail.slice(0, DETAIL_LENGTH) } : {}),
    ...broadcastOf(mail),
  };
}

function broadcastOf({ tags, source, destination: to, commonHeaders }: Envelope['mail']) {
  const broadcastId = tags[BROADCAST_ID_TAG]?.[0];
  if (broadcastId === undefined) return {};
  const { from: [from = source] = [], subject = '' } = commonHeaders;
  return { broadcast: { broadcastId, from, to, subject } };
}
