import MailComposer from 'nodemailer/lib/mail-composer';
import { parseMailbox } from '../core/address.ts';
import { isFileType } from '../core/content-type.ts';
import type { Attachment } from '../core/email.ts';
import { limits } from '../core/email-schema.ts';
import { SendoffError } from '../core/errors.ts';
import type { Body, EmailRecord } from '../core/record.ts';

/** Fetches a file by URL; rejects with a SendoffError. */
export type FetchFile = (url: string, maxBytes: number) => Promise<{ bytes: Buffer; contentType?: string }>;

/**
 * Writes the MIME message of an email: 7-bit clean, Bcc nowhere in it.
 *
 * @throws 422 when the message is larger than SES takes, or an attachment cannot be fetched for good.
 */
export async function composeMime(record: EmailRecord, body: Body, fetchFile: FetchFile): Promise<Uint8Array> {
  const mailboxes = (texts: readonly string[] | undefined) => texts?.map((text) => parseMailbox(text, 'address'));
  const composer = new MailComposer({
    from: parseMailbox(record.from, 'from'),
    to: mailboxes(record.to),
    cc: mailboxes(record.cc),
    replyTo: mailboxes(record.replyTo),
    subject: record.subject,
    text: body.text,
    html: body.html,
    headers: Object.entries(body.headers).map(([key, value]) => ({ key, value })),
    attachments: await Promise.all(body.attachments.map((attachment) => toFile(attachment, fetchFile))),
    date: new Date(record.createdAtMs),
    // SES writes its own over it; a fixed one keeps a second try of the same email byte for byte the same.
    messageId: `<${record.id}@sendoff>`,
    baseBoundary: record.id,
    // Nothing of a message may make the composer read files or URLs: attachments are fetched above, checked.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const raw = await composer.compile().build();
  if (raw.length > limits.messageBytes) {
    throw new SendoffError(
      'validation_error',
      422,
      `The message has ${raw.length} bytes; Amazon SES takes ${limits.messageBytes}.`,
    );
  }
  return raw;
}

async function toFile(attachment: Attachment, fetchFile: FetchFile) {
  const { content, path, filename, contentType, contentId } = attachment;
  const fetched = path === undefined ? undefined : await fetchFile(path, limits.messageBytes);
  const bytes = fetched?.bytes ?? Buffer.from(content ?? '', 'base64');
  const type = contentType ?? fetched?.contentType;
  return {
    filename: filename || (path === undefined ? '' : lastSegment(path)) || 'attachment',
    content: bytes,
    contentType: type && typeOf(type, bytes),
    ...(contentId === undefined ? {} : { cid: contentId, contentDisposition: 'inline' as const }),
  };
}

/** What a server says of a file is not always a type; and a message/… part may not be encoded (RFC 2046 5.2.1). */
function typeOf(contentType: string, bytes: Buffer): string | undefined {
  if (!isFileType(contentType)) return undefined;
  const isMessage = /^message\//i.test(contentType);
  return isMessage && !fitsSevenBitLines(bytes) ? 'application/octet-stream' : contentType;
}

function fitsSevenBitLines(bytes: Buffer): boolean {
  return /^[\t\r\n -~]*$/.test(bytes.toString('latin1')) && !/[^\r\n]{999}/.test(bytes.toString('latin1'));
}

function lastSegment(url: string): string {
  const segment = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    // A stray % is legal in a path and no escape: the name stays as it is.
    return segment;
  }
}
