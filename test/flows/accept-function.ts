import {
  type AcceptOptions,
  acceptEmail,
  acceptEmails,
  type EmailInput,
  SendoffError,
} from '../../functions/accept/accept.ts';

/** One call of the user's function. */
export interface AcceptEvent {
  readonly email?: EmailInput;
  readonly emails?: readonly EmailInput[];
  /** A file of random bytes to attach. */
  readonly file?: { readonly name: string; readonly base64: string };
  readonly options?: AcceptOptions;
}

/** A Lambda function of a user's app: accepts what it is given, and answers the ids or the error. */
export async function handler({ email, emails, file, options }: AcceptEvent): Promise<unknown> {
  try {
    if (emails) return await acceptEmails(emails, options);
    if (!email) throw new Error('the event has no email');
    if (!file) return await acceptEmail(email, options);
    const attachments = [{ filename: file.name, content: Buffer.from(file.base64, 'base64') }];
    return await acceptEmail({ ...email, attachments }, options);
  } catch (error) {
    if (!(error instanceof SendoffError)) throw error;
    return { code: error.code, status: error.status, message: error.message, retryable: error.retryable };
  }
}
