import type { EmailRequest } from '../../core/email/accept/accept.ts';
import { invalid } from '../../core/errors.ts';

/**
 * The JSON that a client would send to the HTTP API, and its parsed value. Through JSON the same rules hold for both ways
 * of accepting: a field that is undefined is absent, a date is text.
 *
 * @throws 422 `invalid_parameter` for a value that JSON cannot hold.
 */
export function toRequest(emails: unknown): Pick<EmailRequest, 'payload' | 'value'> {
  try {
    const payload = JSON.stringify(Array.isArray(emails) ? emails.map(withBase64) : withBase64(emails)) ?? 'null';
    return { payload, value: JSON.parse(payload) };
  } catch (cause) {
    throw invalid(`The email cannot be written as JSON: ${cause instanceof Error ? cause.message : cause}`);
  }
}

/** The email with the bytes of its attachments as base64. */
function withBase64(email: unknown): unknown {
  if (!isObject(email) || !Array.isArray(email.attachments)) return email;
  return { ...email, attachments: email.attachments.map(fileWithBase64) };
}

function fileWithBase64(file: unknown): unknown {
  if (!isObject(file) || !(file.content instanceof Uint8Array)) return file;
  const { buffer, byteOffset, byteLength } = file.content;
  return { ...file, content: Buffer.from(buffer, byteOffset, byteLength).toString('base64') };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
