import type { FetchFile } from '../../adapters/mime/compose.ts';
import type { Body } from '../../core/email/body.ts';
import { contentBytes } from '../../core/email/message-size.ts';
import type { EmailRecord } from '../../core/email/record.ts';
import { invalid } from '../../core/errors.ts';
import { shownHeaders } from '../../core/suppression/unsubscribe-link.ts';

/** A function returns up to 6 MB, in which each line break takes two bytes more. */
const MAX_MESSAGE_BYTES = 5_500_000;

/**
 * The message of an email as it is handed to SES, as text: without Bcc, and before SES replaces Message-ID and signs it. An attachment
 * that is given by its URL is not fetched, and the unsubscribe link has no token.
 *
 * @throws 422 for a message that is larger than a function can answer.
 */
export async function rawMessage(record: EmailRecord, body: Body, baseUrl: string): Promise<Response> {
  if (contentBytes(body) > MAX_MESSAGE_BYTES) throw tooLarge();
  // Loaded when it is needed: the composer is as large as all routes together.
  const { composeMime } = await import('../../adapters/mime/compose.ts');
  const shown = { ...body, headers: shownHeaders(record, body.headers, baseUrl) };
  const raw = await composeMime(record, shown, notFetched, 0);
  if (raw.length > MAX_MESSAGE_BYTES) throw tooLarge();
  return new Response(Buffer.from(raw), {
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'private, no-store',
      'referrer-policy': 'no-referrer',
    },
  });
}

const notFetched: FetchFile = async (url) => ({
  bytes: Buffer.from(`This file is fetched when the email is sent: ${url}\r\n`),
  contentType: 'text/plain',
});

const tooLarge = () => invalid('The message is larger than the 6 MB that AWS Lambda can return.', 'validation_error');
