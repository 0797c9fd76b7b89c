import { invalid } from '../errors.ts';

/** The header by which a caller asks for an unsubscribe link: every SDK can set headers. It is removed before the send. */
const UNSUBSCRIBE_HEADER = 'X-Sendoff-Unsubscribe';

/** The headers that are instructions to Sendoff. */
const SENDOFF_HEADER = /^x-sendoff-/i;

export function wantsUnsubscribe(headers: Readonly<Record<string, string>>): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === UNSUBSCRIBE_HEADER.toLowerCase());
}

/**
 * Checks the instructions in the headers.
 *
 * @throws 422 for an unknown `X-Sendoff-…` header, for an unsubscribe link with more than one recipient (a message has
 * only one link), and for an unsubscribe link beside the caller's own `List-Unsubscribe`.
 */
export function checkOwnHeaders(headers: Readonly<Record<string, string>>, recipientCount: number): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!SENDOFF_HEADER.test(name)) continue;
    if (name.toLowerCase() !== UNSUBSCRIBE_HEADER.toLowerCase())
      throw invalid(
        `Unknown header \`${name}\`: \`X-Sendoff-…\` headers are ours. Did you mean \`${UNSUBSCRIBE_HEADER}\`?`,
      );
    if (value.trim().toLowerCase() !== 'true') throw invalid(`Invalid \`headers.${name}\`: it must be \`true\`.`);
    if (recipientCount !== 1)
      throw invalid(`\`${UNSUBSCRIBE_HEADER}\` needs exactly one recipient: the link is for one address.`);
    if (Object.keys(headers).some((other) => /^list-unsubscribe(?:-post)?$/i.test(other)))
      throw invalid(`\`${UNSUBSCRIBE_HEADER}\` and a List-Unsubscribe header of your own exclude each other.`);
  }
}

/** The headers without instructions to Sendoff. */
export function publicHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !SENDOFF_HEADER.test(name)));
}
