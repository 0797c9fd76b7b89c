import { composeMime, type FetchFile } from '../../../../functions/adapters/mime/compose.ts';
import { packBody, unpackBody } from '../../../../functions/core/email/body.ts';
import { parseEmail } from '../../../../functions/core/email/email.ts';
import { newRecord } from '../../../../functions/core/email/record.ts';

export const nowMs = Date.parse('2026-11-21T12:00:00Z');
const identity = { id: '01234567-89ab-8cde-8f01-23456789abcd', fingerprint: 'f', queue: 'bulk' } as const;
export const least = { from: 'Ann <ann@example.com>', to: 'bob@example.com', subject: 'Hello', text: 'Hello, Bob.' };
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const neverFetch: FetchFile = async (url) => {
  throw new Error(`fetched ${url}`);
};

/** The way of an email: accepted, stored, read by the worker. */
export const compose = async (fields: Record<string, unknown>, fetchFile = neverFetch) => {
  const email = await parseEmail({ ...least, ...fields }, nowMs);
  const raw = await composeMime(newRecord(email, identity, nowMs), unpackBody(packBody(email)), fetchFile, 20_000);
  return Buffer.from(raw).toString('latin1');
};
export const headersOf = (raw: string) =>
  (raw.split('\r\n\r\n')[0] ?? '')
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .map((line) => line.slice(0, line.indexOf(':')));
