import MailComposer from 'nodemailer/lib/mail-composer';
import { parseMailbox } from '../core/address.ts';
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
  return {
    filename: filename || (path === undefined ? '' : lastSegment(path)) || 'attachment',
    content: fetched?.bytes ?? Buffer.from(content ?? '', 'base64'),
    contentType: contentType ?? fetched?.contentType,
    ...(contentId === undefined ? {} : { cid: contentId, contentDisposition: 'inline' as const }),
  };
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
