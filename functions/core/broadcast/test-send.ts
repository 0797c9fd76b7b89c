import { findContact } from '../audience/contacts.ts';
import { listProperties } from '../audience/properties.ts';
import { type SubmitDependencies, type SubmitRequest, submitEmails } from '../email/accept/submit.ts';
import { parseEmail } from '../email/email.ts';
import { limits } from '../email/schema.ts';
import { prepareContent, renderFor } from './content.ts';
import { findBroadcast, findContent } from './store.ts';

/** The most addresses of a test. */
export const TEST_RECIPIENTS = 5;

const SUBJECT_PREFIX = '[Test] ';
/** A test has no recipient who could unsubscribe. */
const EXAMPLE_UNSUBSCRIBE_URL = 'https://example.com/unsubscribe';

/**
 * Sends a broadcast of any status to a few addresses, as ordinary emails with the footer that its recipients get; answers their ids. Where
 * the address is a contact's its values are inserted; a placeholder without value or fallback shows its key.
 */
export async function testBroadcast(
  id: string,
  {
    to,
    footer,
    ...request
  }: Pick<SubmitRequest, 'payload' | 'keyId'> & { readonly to: readonly string[]; readonly footer: boolean },
  dependencies: SubmitDependencies,
): Promise<string[]> {
  const { table } = dependencies.backend;
  const broadcast = await findBroadcast(table, id);
  const content = await findContent(table, broadcast);
  const [properties, contacts] = await Promise.all([
    listProperties(table),
    Promise.all(to.map((address) => findContact(table, address))),
  ]);
  const fallbacks = new Map(properties.map(({ key, fallbackValue }) => [key, fallbackValue]));
  // The text part is made of the html when the email is sent.
  const prepared = await prepareContent(content, { footer, toText: async () => undefined });
  const lookups = {
    unsubscribeUrl: EXAMPLE_UNSUBSCRIBE_URL,
    propertyFallback: (key: string) => fallbacks.get(key) ?? `[${key}]`,
  };
  const emails = await Promise.all(
    to.map((email, index) => {
      const { subject, ...parts } = renderFor(prepared, { email, ...contacts[index] }, lookups);
      const fields = {
        from: broadcast.from,
        to: email,
        subject: (SUBJECT_PREFIX + subject).slice(0, limits.subjectLength).toWellFormed(),
        ...parts,
      };
      return parseEmail({ ...fields, ...(broadcast.replyTo ? { reply_to: broadcast.replyTo } : {}) }, 0);
    }),
  );
  return submitEmails({ ...request, emails, queue: 'transactional' }, dependencies);
}
