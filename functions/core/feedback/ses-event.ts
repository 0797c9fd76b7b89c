import * as z from 'zod/mini';
import { normalizeAddress } from '../email/address.ts';
import { EMAIL_ID_TAG } from '../email/schema.ts';
import type { ReportedStatus } from '../email/status.ts';
import type { EventDetails } from '../event.ts';
import { isBot } from './bot.ts';

/** One thing SES reports about an email of ours. */
export interface Feedback {
  readonly event: ReportedStatus;
  readonly emailId: string;
  readonly messageId: string;
  readonly atMs: number;
  /** When SES took the message, epoch ms. */
  readonly sentAtMs: number;
  /** Whom it concerns; empty: all of them. */
  readonly recipients: readonly string[];
  /** A bounce that is not for good. */
  readonly soft?: boolean;
  /** An open or a click by a program. */
  readonly machine?: boolean;
  /** For the timeline. */
  readonly detail?: string;
  readonly details: EventDetails;
  /** Why the recipients must not be sent to any more. */
  readonly suppresses?: 'bounce' | 'complaint';
}

const time = z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text))));

/** Texts of foreign servers and programs travel on a queue and in payloads, which have a size limit. */
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
  }),
});

type Envelope = z.infer<typeof envelopeSchema>;

const reach = { timestamp: time, ipAddress: text, userAgent: text };

const schemas = {
  delivery: z.object({ timestamp: time, recipients: z.array(z.string()), smtpResponse: text }),
  delay: z.object({ timestamp: time, delayType: text, delayedRecipients: addressed }),
  bounce: z.object({ timestamp: time, bounceType: z.string(), bounceSubType: text, bouncedRecipients: addressed }),
  complaint: z.object({
    timestamp: time,
    complainedRecipients: addressed,
    complaintFeedbackType: z.optional(z.nullable(z.string())),
  }),
  reject: z.object({ reason: text }),
  failure: z.object({ errorMessage: text }),
  open: z.object(reach),
  click: z.object({ ...reach, link: text }),
};

type Told = Pick<Feedback, 'event' | 'atMs' | 'recipients' | 'details'> & Partial<Feedback>;

/** https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html */
const readers: Readonly<Record<string, (event: Record<string, unknown>, mail: Envelope['mail']) => Told>> = {
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
  Complaint: ({ complaint }) => {
    const { timestamp, complainedRecipients, complaintFeedbackType } = schemas.complaint.parse(complaint);
    const type = complaintFeedbackType ?? 'abuse';
    return {
      event: 'complained',
      atMs: Date.parse(timestamp),
      recipients: complainedRecipients.map(({ emailAddress }) => emailAddress),
      details: { complaint: { type } },
      detail: type,
      // RFC 5965 7.3 `not-spam`: the recipient says that it is none.
      ...(type === 'not-spam' ? {} : { suppresses: 'complaint' }),
    };
  },
  Reject: ({ reject }, mail) => readFailure(schemas.reject.parse(reject).reason, mail),
  'Rendering Failure': ({ failure }, mail) => readFailure(schemas.failure.parse(failure).errorMessage, mail),
  Open: ({ open }, mail) => {
    const { timestamp, ipAddress, userAgent } = schemas.open.parse(open);
    const machine = isBot(userAgent);
    const details = { open: { ipAddress, timestamp, userAgent, machine } };
    return { event: 'opened', atMs: Date.parse(timestamp), recipients: only(mail), details, machine };
  },
  Click: ({ click }, mail) => {
    const { timestamp, ipAddress, userAgent, link } = schemas.click.parse(click);
    const machine = isBot(userAgent);
    const details = { click: { ipAddress, link, timestamp, userAgent, machine } };
    return {
      event: 'clicked',
      atMs: Date.parse(timestamp),
      recipients: only(mail),
      details,
      machine,
      detail: link.slice(0, 200),
    };
  },
};

function cut(long: string): string {
  return long.slice(0, MAX_TEXT_LENGTH);
}

function readBounce({ timestamp, bounceType, bounceSubType, bouncedRecipients }: z.infer<typeof schemas.bounce>): Told {
  const permanent = bounceType === 'Permanent';
  const suppressed = permanent && /suppress/i.test(bounceSubType);
  const said = cut(bouncedRecipients[0]?.diagnosticCode ?? '');
  const told = {
    atMs: Date.parse(timestamp),
    recipients: bouncedRecipients.map(({ emailAddress }) => emailAddress),
    ...(said ? { detail: said } : {}),
    ...(permanent ? { suppresses: 'bounce' as const } : {}),
  };
  if (suppressed) {
    const message = `Amazon SES has suppressed sending to this address. ${said}`.trim();
    return { ...told, event: 'suppressed', details: { suppressed: { message, type: bounceSubType } } };
  }
  // The wording is read by programs: django-anymail takes `bounce message` for a bounce (anymail/webhooks/resend.py).
  const message =
    `The recipient's email provider sent a ${permanent ? 'hard' : 'general'} bounce message. ${said}`.trim();
  const details = { bounce: { message, type: bounceType, subType: bounceSubType } };
  return { ...told, event: 'bounced', details, ...(permanent ? {} : { soft: true }) };
}

function readFailure(reason: string, mail: Envelope['mail']): Told {
  const said = `Amazon SES refused the message: ${reason}`;
  // The event has no time of its own.
  const atMs = Date.parse(mail.timestamp);
  return { event: 'failed', atMs, recipients: [], details: { failed: { reason: said } }, detail: said };
}

/** SES does not say who opened; of one recipient it can be only them. */
function only({ destination }: Envelope['mail']): string[] {
  return destination.length === 1 ? destination : [];
}

/** Longer texts of foreign servers are cut for the timeline. */
const DETAIL_LENGTH = 200;

/**
 * Reads an event as SES publishes it to SNS. Answers undefined for what is none of ours: mail without our tag, types
 * of events we have no use for, and the text by which SES tries a new topic. Throws for an event that is malformed.
 */
export function parseSesEvent(body: string): Feedback | undefined {
  if (/^Successfully validated SNS topic/.test(body)) return undefined;
  const event: Record<string, unknown> = z.record(z.string(), z.unknown()).parse(JSON.parse(body));
  const { eventType, mail } = envelopeSchema.parse(event);
  const emailId = mail.tags[EMAIL_ID_TAG]?.[0];
  const read = Object.hasOwn(readers, eventType) ? readers[eventType] : undefined;
  if (emailId === undefined || !read) return undefined;
  const { detail, ...told } = read(event, mail);
  return {
    emailId,
    messageId: mail.messageId,
    sentAtMs: Date.parse(mail.timestamp),
    ...told,
    recipients: [...new Set(told.recipients.map(normalizeAddress))],
    ...(detail ? { detail: detail.slice(0, DETAIL_LENGTH) } : {}),
  };
}
