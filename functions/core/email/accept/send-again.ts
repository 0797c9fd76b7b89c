import { invalid, notFound } from '../../errors.ts';
import { parseMailbox } from '../address.ts';
import { type Body, bodyKey, unpackBody } from '../body.ts';
import type { Email } from '../email.ts';
import type { EmailRecord } from '../record.ts';
import { isUnsent, lastEvent } from '../status.ts';
import { type SubmitDependencies, submitEmails } from './submit.ts';

export interface SendAgainRequest {
  readonly keyId: string;
  readonly idempotencyKey?: string | undefined;
}

/**
 * Accepts a copy of an email, to be sent now: the same sender, recipients, content, headers, tags and attachments; answers its id. The
 * suppression list counts as for any email.
 *
 * @throws 422 for an email that is still to be sent, or has no content of its own as it belongs to a broadcast.
 */
export async function sendAgain(
  record: EmailRecord,
  { keyId, idempotencyKey }: SendAgainRequest,
  dependencies: SubmitDependencies,
): Promise<string> {
  if (isUnsent(record)) throw invalid(`This email is still to be sent: it is ${lastEvent(record.status)}.`);
  const email = emailOf(record, await readBody(record, dependencies.backend));
  const keyed = idempotencyKey === undefined ? {} : { idempotencyKey };
  const payload = JSON.stringify(['send-again', record.id]);
  const [id = ''] = await submitEmails(
    { payload, keyId, ...keyed, emails: [email], queue: 'transactional' },
    dependencies,
  );
  return id;
}

/**
 * Reads the body of an email; its template is not filled yet.
 *
 * @throws 422 for an email of a broadcast without a body of its own; 404 if the body has expired.
 */
export async function readBody(
  record: EmailRecord,
  { bodies }: Pick<SubmitDependencies['backend'], 'bodies'>,
): Promise<Body> {
  const packed = await bodies.get(bodyKey(record.id, record.fingerprint));
  if (packed) return unpackBody(packed);
  if (record.broadcastId === undefined) throw notFound('The content of this email');
  throw invalid(`This email has no content of its own: it belongs to the broadcast ${record.broadcastId}.`);
}

/** The email as it was accepted, without its schedule. */
function emailOf(record: EmailRecord, { html, text, template, headers, attachments }: Body): Email {
  const mailboxes = (field: 'to' | 'cc' | 'bcc' | 'replyTo') =>
    (record[field] ?? []).map((mailbox) => parseMailbox(mailbox, 'address'));
  return {
    from: parseMailbox(record.from, 'from'),
    to: mailboxes('to'),
    cc: mailboxes('cc'),
    bcc: mailboxes('bcc'),
    replyTo: mailboxes('replyTo'),
    subject: record.subject,
    ...(template ? { template } : {}),
    ...(html === undefined ? {} : { html }),
    ...(text === undefined ? {} : { text }),
    headers,
    tags: record.tags ?? [],
    attachments,
    ...(record.topicId === undefined ? {} : { topicId: record.topicId }),
  };
}
