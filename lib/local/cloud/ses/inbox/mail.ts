import PostalMime, { type Attachment, decodeWords, type Email } from 'postal-mime';
import type { SesMessage } from '../message.ts';
import { headerValue, type RawHeader, scanHeaders } from '../raw-headers.ts';

/** One line of the inbox's list. */
export type MailSummary = { messageId: string; from: string; to: string[]; subject: string; sentAtMs: number };

const summaries = new WeakMap<SesMessage, MailSummary>();

/** The list line of a message: header scan only, and only once a message. */
export function summaryOf(message: SesMessage): MailSummary {
  const known = summaries.get(message);
  if (known) return known;
  const headers = scanHeaders(message.raw);
  const summary = {
    messageId: message.messageId,
    from: decoded(headerValue(headers, 'From') ?? message.envelope.from),
    to: message.envelope.to,
    subject: decoded(headerValue(headers, 'Subject') ?? ''),
    sentAtMs: message.sentAtMs,
  };
  summaries.set(message, summary);
  return summary;
}

/** The details of a message, as the page shows them. */
export async function mailDetail(message: SesMessage) {
  const { messageId, envelope, tags, raw, sentAtMs, configurationSet } = message;
  const email = await parseMime(message);
  return {
    messageId,
    envelope,
    tags,
    raw,
    sentAtMs,
    configurationSet,
    from: summaryOf(message).from,
    subject: summaryOf(message).subject,
    headers: scanHeaders(raw).map(({ name, value }): RawHeader => ({ name, value: decoded(value) })),
    hasHtml: Boolean(email.html),
    text: email.text ?? '',
    attachments: email.attachments.map((attachment) => ({
      filename: attachment.filename,
      mimeType: attachment.mimeType,
      sizeBytes: attachmentBytes(attachment).length,
      contentId: attachment.contentId,
    })),
  };
}

/** Parses the MIME of a message. */
export function parseMime({ raw }: SesMessage): Promise<Email> {
  return PostalMime.parse(Buffer.from(raw, 'latin1'));
}

/** The content of an attachment. */
export function attachmentBytes({ content }: Attachment): Buffer {
  if (typeof content === 'string') return Buffer.from(content);
  return content instanceof ArrayBuffer
    ? Buffer.from(content)
    : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
}

/** Encoded words to text; a header with bare UTF-8 bytes is read as UTF-8. */
const decoded = (value: string): string => decodeWords(Buffer.from(value, 'latin1').toString('utf8'));
