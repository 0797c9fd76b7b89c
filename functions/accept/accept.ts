/** The public entry `sendoff/accept`. */

export type {
  AcceptedEmail,
  AttachmentInput,
  EmailInput,
  EmailWithContent,
  EmailWithTemplate,
  TemplateInput,
} from '../core/email/accept/email-input.ts';
export { type ErrorCode, SendoffError } from '../core/errors.ts';
export { type AcceptOptions, acceptEmail, acceptEmails } from '../runtime/accept/accept-email.ts';
