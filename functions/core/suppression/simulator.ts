import { normalizeAddress } from '../email/address.ts';

/** The mailboxes for tests; any `+label` may follow their names. */
const MAILBOXES: ReadonlyMap<string, readonly string[]> = new Map([
  // https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
  ['simulator.amazonses.com', ['success', 'bounce', 'ooto', 'complaint', 'suppressionlist']],
  // https://resend.com/docs/dashboard/emails/send-test-emails
  ['resend.dev', ['delivered', 'bounced', 'complained', 'suppressed']],
]);

/** True for a test address of SES's mailbox simulator or of Resend: their bounces and complaints are not real. */
export function isSimulator(email: string): boolean {
  const address = normalizeAddress(email);
  const at = address.lastIndexOf('@');
  const mailbox = address.slice(0, Math.max(0, at)).replace(/\+.*$/s, '');
  return MAILBOXES.get(address.slice(at + 1))?.includes(mailbox) ?? false;
}
