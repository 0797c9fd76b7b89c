/** The outcomes of an accepted mail for one recipient. */
export type Outcome =
  | 'delivered'
  | 'bounced'
  | 'suppressed'
  | 'complained'
  | 'complaint-suppressed'
  | 'auto-replied'
  | 'delayed'
  | 'rejected'
  | 'opened'
  | 'clicked'
  | 'rendering-failed';

const delivered: Outcome[] = ['delivered'];

/** https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator */
const simulatorMailboxes = new Map<string, Outcome[]>([
  ['success', delivered],
  ['bounce', ['bounced']],
  ['ooto', ['delivered', 'auto-replied']],
  ['complaint', ['delivered', 'complained']],
  ['suppressionlist', ['suppressed']],
]);

/** https://resend.com/docs/dashboard/emails/send-test-emails */
const resendMailboxes = new Map<string, Outcome[]>([
  ['delivered', delivered],
  ['bounced', ['bounced']],
  ['complained', ['delivered', 'complained']],
  ['suppressed', ['suppressed']],
]);

const mailboxesByDomain = new Map([
  ['simulator.amazonses.com', simulatorMailboxes],
  ['resend.dev', resendMailboxes],
]);

/** The first 60 characters of the EICAR test file, plain and as it begins in base64. */
const eicarMarks = [
  'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FI',
  'WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFO',
];

/** Whether this is a mailbox of SES's simulator: the sandbox sends to it. */
export function isSimulator(address: string): boolean {
  return address.toLowerCase().endsWith('@simulator.amazonses.com');
}

/** The outcomes for this recipient, in order; a `+label` is ignored, and mail to all other addresses is delivered. */
export function outcomesFor(recipient: string): Outcome[] {
  const at = recipient.lastIndexOf('@');
  const mailboxes = mailboxesByDomain.get(recipient.slice(at + 1).toLowerCase());
  const mailbox = recipient.slice(0, at).toLowerCase().replace(/\+.*$/, '');
  return mailboxes?.get(mailbox) ?? delivered;
}

/** Whether SES would find a virus: it does in the EICAR test file, which is how a Reject event is tested. */
export function containsTestVirus(raw: string): boolean {
  return eicarMarks.some((mark) => raw.includes(mark));
}
