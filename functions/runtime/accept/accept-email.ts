import { acceptBatch, acceptEmail as acceptOne, type EmailRequest } from '../../core/email/accept/accept.ts';
import type { AcceptedEmail, EmailInput } from '../../core/email/accept/email-input.ts';
import { connection } from './connection.ts';
import { toRequest } from './request.ts';

/** The scope of idempotency keys, in place of an API key's id. No API key has this id, so HTTP requests share no key with it. */
const FUNCTION_SCOPE = 'accept';

export interface AcceptOptions {
  /**
   * 1 to 256 characters. Calls with the same key and the same email make one email within 24 hours. All functions share
   * one scope of keys; the keys of HTTP requests are separate.
   */
  readonly idempotencyKey?: string;
}

/**
 * Accepts an email as `POST /emails` does, without HTTP. The calling function needs `grantAccept` and
 * `acceptEnvironment` of the Sendoff construct.
 *
 * @example
 * const { id } = await acceptEmail({ from: 'Shop <orders@example.com>', to, subject: 'Your order', html });
 *
 * @throws SendoffError with the `code`, `status` and message that the API would answer. If `retryable` is true, the same
 * call may succeed later; with an idempotency key it does not send twice.
 */
export async function acceptEmail(email: EmailInput, options: AcceptOptions = {}): Promise<AcceptedEmail> {
  const { dependencies, flush } = await connection();
  try {
    return { id: await acceptOne(requestOf(email, options), dependencies) };
  } finally {
    flush();
  }
}

/**
 * Accepts 1 to 100 emails as `POST /emails/batch` does, on the queue for bulk mail; one bad email refuses all. Answers
 * their ids in order.
 *
 * @throws SendoffError as `acceptEmail` does.
 */
export async function acceptEmails(
  emails: readonly EmailInput[],
  options: AcceptOptions = {},
): Promise<AcceptedEmail[]> {
  const { dependencies, flush } = await connection();
  try {
    const { ids } = await acceptBatch(requestOf(emails, options), 'strict', dependencies);
    return ids.map((id) => ({ id }));
  } finally {
    flush();
  }
}

function requestOf(emails: EmailInput | readonly EmailInput[], { idempotencyKey }: AcceptOptions): EmailRequest {
  return { ...toRequest(emails), keyId: FUNCTION_SCOPE, idempotencyKey };
}
