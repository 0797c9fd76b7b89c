import MailComposer from 'nodemailer/lib/mail-composer';
import { parseMailbox } from '../../core/email/address.ts';
import type { Body } from '../../core/email/body.ts';
import { isFileType } from '../../core/email/content-type.ts';
import type { Attachment } from '../../core/email/email.ts';
import type { EmailRecord } from '../../core/email/record.ts';
import { limits } from '../../core/email/schema.ts';
import { SendoffError } from '../../core/errors.ts';
import { customHeader, mailboxHeader, textHeader } from './headers.ts';
import { plainTextOf } from './plain-text.ts';

/**
 * Fetches a file by URL; rejects with a SendoffError, retryable when `signal` ended it. Calls `onBytes` as parts of it arrive, with
 * their lengths; an error that this throws ends the fetch.
 */
export type FetchFile = (
  url: string,
  maxBytes: number,
  signal: AbortSignal,
  onBytes?: (bytes: number) => void,
) => Promise<{ bytes: Buffer; contentType?: string }>;

/**
 * Writes the MIME message of an email: 7-bit clean and without Bcc. Attachments must be fetched within `fetchMs` in all; then
 * `onSize` is called with about the size of the message.
 *
 * @throws 422 when the message is larger than SES takes, or an attachment can never be fetched; 503 (retryable) when it
 * cannot be fetched now, or not in time.
 */
export async function composeMime(
  record: EmailRecord,
  body: Body,
  fetchFile: FetchFile,
  fetchMs: number,
  onSize: (bytes: number) => void = () => {},
): Promise<Uint8Array> {
  const files = await toFiles(body.attachments, fetchFile, fetchMs);
  onSize(sizeOf(body, files));
  const made = body.text === undefined && body.html ? await plainTextOf(body.html) : undefined;
  let raw = await compose(record, body, made ?? body.text, files);
  // Without the generated text if that makes the message too large.
  if (made && raw.length > limits.messageBytes) raw = await compose(record, body, undefined, files);
  if (raw.length <= limits.messageBytes) return raw;
  throw new SendoffError(
    'validation_error',
    422,
    `The message has ${raw.length} bytes; Amazon SES takes ${limits.messageBytes}.`,
  );
}

/** About the size of the message: files are written as base64. */
const sizeOf = ({ html = '', text = '' }: Body, files: Files): number =>
  html.length + text.length + files.reduce((sum, { content }) => sum + content.length * (4 / 3), 0);

async function compose(record: EmailRecord, body: Body, text: string | undefined, files: Files): Promise<Buffer> {
  const composer = new MailComposer({
    text: text && lines(text),
    html: body.html && lines(body.html),
    attachments: files,
    date: new Date(record.createdAtMs),
    // SES replaces it; a fixed one makes each try of an email the same to the byte.
    messageId: `<${record.id}@sendoff>`,
    baseBoundary: record.id,
    // The composer must not read files or URLs: attachments are fetched above, with checks.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // Not build(), which makes one more copy of a message.
  const parts = [Buffer.from(headersOf(record, body))];
  for await (const part of composer.compile().createReadStream()) parts.push(part);
  return Buffer.concat(parts);
}

/** Lines end with CRLF (RFC 5322 2.3): some servers refuse a lone CR or LF, and on others it allowed SMTP smuggling. */
const lines = (text: string): string => text.replace(/\r\n|\r|\n/g, '\r\n');

/** These headers are not left to the composer, which changes values that it considers wrong. */
function headersOf(record: EmailRecord, body: Body): string {
  const mailboxes = (texts: readonly string[] = []) => texts.map((text) => parseMailbox(text, 'address'));
  return [
    ...Object.entries(body.headers).map(([name, value]) => customHeader(name, value)),
    mailboxHeader('From', mailboxes([record.from])),
    mailboxHeader('To', mailboxes(record.to)),
    mailboxHeader('Cc', mailboxes(record.cc)),
    mailboxHeader('Reply-To', mailboxes(record.replyTo)),
    textHeader('Subject', record.subject),
  ].join('');
}

/** Files that are fetched at once: more would need more memory. */
const FETCHES = 4;

/**
 * The files in the order of the attachments. All fetched files together may be as large as a message and take `fetchMs`;
 * when one cannot be fetched, the others are stopped.
 */
async function toFiles(attachments: readonly Attachment[], fetchFile: FetchFile, fetchMs: number) {
  const files: Awaited<ReturnType<typeof toFile>>[] = [];
  const waiting = [...attachments.entries()];
  let leftBytes: number = limits.messageBytes;
  // Counted while they arrive: files that are fetched side by side are not too large one by one.
  const onBytes = (bytes: number) => {
    leftBytes -= bytes;
    if (leftBytes < 0)
      throw new SendoffError(
        'invalid_attachment',
        422,
        `Attachments: larger than ${limits.messageBytes} bytes in all, which is what Amazon SES takes`,
      );
  };
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), fetchMs);
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, attachment] = next;
      files[index] = await toFile(attachment, (url) => fetchFile(url, Math.max(0, leftBytes), end.signal, onBytes));
    }
  };
  try {
    await Promise.all(Array.from({ length: FETCHES }, lane));
  } finally {
    clearTimeout(timer);
    waiting.length = 0;
    end.abort();
  }
  return files;
}

type Files = Awaited<ReturnType<typeof toFiles>>;

async function toFile(attachment: Attachment, fetchFile: (url: string) => ReturnType<FetchFile>) {
  const { content, path, filename, contentType, contentId } = attachment;
  const fetched = path === undefined ? undefined : await fetchFile(path);
  const bytes = fetched?.bytes ?? Buffer.from(content ?? '', 'base64');
  const type = contentType ?? fetched?.contentType;
  return {
    filename: filename?.trim() || (path === undefined ? '' : fileNameOf(path)) || 'attachment',
    ...(type === undefined ? { content: bytes } : typed(type, bytes)),
    // The composer marks only images as inline: mail clients show an inline text as a part of the message.
    ...(contentId === undefined ? {} : { cid: contentId }),
  };
}

/** A server's content type may be invalid, and a part of type message/… must not be encoded (RFC 2046 5.2.1). */
function typed(contentType: string, bytes: Buffer): { content: Buffer; contentType?: string } {
  if (!isFileType(contentType)) return { content: bytes };
  if (!/^message\//i.test(contentType)) return { content: bytes, contentType };
  if (!fitsSevenBitLines(bytes)) return { content: bytes, contentType: 'application/octet-stream' };
  return { content: Buffer.from(lines(bytes.toString('latin1'))), contentType };
}

function fitsSevenBitLines(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  return /^(?:[\t -~]|\r?\n)*$/.test(text) && !/[^\r\n]{999}/.test(text);
}

/** The file name in a URL, made safe for a header and a disk; may be empty. */
function fileNameOf(url: string): string {
  const segment = decoded(new URL(url).pathname.split('/').at(-1) ?? '');
  return segment
    .replace(/[\p{Cc}/\\]/gu, '_')
    .replace(/ +/g, ' ')
    .slice(-limits.fileNameLength)
    .toWellFormed()
    .trim();
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A % that is no escape is legal in a path: the name stays as it is.
    return segment;
  }
}
