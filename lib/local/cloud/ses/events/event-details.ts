import { newSesId } from '../message.ts';
import type { Outcome } from '../simulator.ts';
import type { EventType } from './event-types.ts';

/** Details of an outcome; all are optional. */
export type OutcomeOptions = { link?: string; userAgent?: string };

type Details = { recipient: string; sentAtMs: number; nowMs: number } & OutcomeOptions;
type EventKind = { type: EventType; detail(details: Details): Record<string, unknown> };

const reportingMta = 'a0-1.smtp-out.amazonses.com';
const browser = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
/** An address of the range for documentation (RFC 5737). */
const readerAddress = '192.0.2.1';
const suppressedText =
  'Amazon SES did not send the message to this address because it is on the suppression list for your account. For more information about removing addresses from the suppression list, see the Amazon SES Developer Guide at https://docs.aws.amazon.com/ses/latest/DeveloperGuide/sending-email-suppression-list.html';

const iso = (ms: number) => new Date(ms).toISOString();

/** https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html */
const kinds: Record<Outcome, EventKind> = {
  delivered: {
    type: 'Delivery',
    detail: ({ recipient, sentAtMs, nowMs }) => ({
      delivery: {
        timestamp: iso(nowMs),
        processingTimeMillis: nowMs - sentAtMs,
        recipients: [recipient],
        smtpResponse: '250 2.6.0 Message received',
        reportingMTA: reportingMta,
      },
    }),
  },
  bounced: {
    type: 'Bounce',
    detail: ({ recipient, nowMs }) =>
      bounce(nowMs, 'Permanent', 'General', `dns; ${reportingMta}`, {
        emailAddress: recipient,
        action: 'failed',
        status: '5.1.1',
        diagnosticCode: 'smtp; 550 5.1.1 user unknown',
      }),
  },
  suppressed: {
    type: 'Bounce',
    detail: ({ recipient, nowMs }) =>
      bounce(nowMs, 'Permanent', 'OnAccountSuppressionList', 'dns; amazonses.com', {
        emailAddress: recipient,
        action: 'failed',
        status: '5.1.1',
        diagnosticCode: suppressedText,
      }),
  },
  // An out-of-office reply reaches SES as a bounce without any detail about the failure: there was none.
  'auto-replied': {
    type: 'Bounce',
    detail: ({ recipient, nowMs }) => bounce(nowMs, 'Transient', 'General', undefined, { emailAddress: recipient }),
  },
  complained: {
    type: 'Complaint',
    detail: ({ recipient, nowMs }) => ({
      complaint: {
        feedbackId: newSesId(nowMs),
        complaintSubType: null,
        complainedRecipients: [{ emailAddress: recipient }],
        timestamp: iso(nowMs),
        userAgent: 'Amazon SES Mailbox Simulator',
        complaintFeedbackType: 'abuse',
        arrivalDate: iso(nowMs),
      },
    }),
  },
  // An address that is on the account's suppression list because of a complaint.
  'complaint-suppressed': {
    type: 'Complaint',
    detail: ({ recipient, nowMs }) => ({
      complaint: {
        feedbackId: newSesId(nowMs),
        complaintSubType: 'OnAccountSuppressionList',
        complainedRecipients: [{ emailAddress: recipient }],
        timestamp: iso(nowMs),
      },
    }),
  },
  delayed: {
    type: 'DeliveryDelay',
    detail: ({ recipient, sentAtMs, nowMs }) => ({
      deliveryDelay: {
        timestamp: iso(nowMs),
        delayType: 'TransientCommunicationFailure',
        // SES gives up after 14 hours.
        expirationTime: iso(sentAtMs + 14 * 60 * 60 * 1000),
        delayedRecipients: [
          {
            emailAddress: recipient,
            status: '4.4.1',
            diagnosticCode: 'smtp; 421 4.4.1 Unable to connect to remote host',
          },
        ],
      },
    }),
  },
  rejected: { type: 'Reject', detail: () => ({ reject: { reason: 'Bad content' } }) },
  opened: {
    type: 'Open',
    detail: ({ nowMs, userAgent = browser }) => ({
      open: { timestamp: iso(nowMs), userAgent, ipAddress: readerAddress },
    }),
  },
  clicked: {
    type: 'Click',
    detail: ({ nowMs, userAgent = browser, link = 'https://example.com/' }) => ({
      click: { timestamp: iso(nowMs), ipAddress: readerAddress, userAgent, link, linkTags: null },
    }),
  },
  'rendering-failed': {
    type: 'RenderingFailure',
    detail: () => ({
      failure: {
        templateName: 'template',
        errorMessage: "Attribute 'name' is not present in the rendering data.",
      },
    }),
  },
};

function bounce(
  nowMs: number,
  bounceType: string,
  bounceSubType: string,
  reportingMTA: string | undefined,
  recipient: Record<string, string>,
): Record<string, unknown> {
  return {
    bounce: {
      feedbackId: newSesId(nowMs),
      bounceType,
      bounceSubType,
      bouncedRecipients: [recipient],
      timestamp: new Date(nowMs).toISOString(),
      ...(reportingMTA && { reportingMTA }),
    },
  };
}

/** The event type under which an outcome is published. */
export const eventTypeOf = (outcome: Outcome): EventType => kinds[outcome].type;

/** The part of the event that depends on its type: `{ delivery: … }`, `{ bounce: … }` and so on. */
export const eventDetail = (outcome: Outcome, details: Details): Record<string, unknown> =>
  kinds[outcome].detail(details);

/** Whether `name` is an outcome. */
export const isOutcome = (name: string): name is Outcome => Object.hasOwn(kinds, name);
