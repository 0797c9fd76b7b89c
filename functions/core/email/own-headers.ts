import { invalid } from '../errors.ts';

/** The custom header by which a caller asks for an unsubscribe link: what every SDK can express. It does not leave us. */
export const UNSUBSCRIBE_HEADER = 'X-Sendoff-Unsubscribe';

/** Headers that begin so are words to us. */
const OURS = /^x-sendoff-/i;

export function wantsUnsubscribe(headers: Readonly<Record<string, string>>): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === UNSUBSCRIBE_HEADER.toLowerCase());
}

/**
 * Checks what the headers ask of us.
 *
 * @throws 422 for an unknown `X-Sendoff-…` header; for a link that is asked for with more than one recipient: one
 * message cannot carry a link for each; for a `List-Unsubscribe` of the caller's own beside it.
 */
export function checkOwnHeaders(headers: Readonly<Record<string, string>>, recipientCount: number): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!OURS.test(name)) continue;
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

/** The headers without those that are words to us: what the world sees of them. */
export function publicHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OURS.test(name)));
}
