import { invalid } from '../errors.ts';
import { limits } from './schema.ts';

/** RFC 5322 2.2: printable ASCII without the colon. */
const HEADER_NAME = /^[!-9;-~]{1,76}$/;

/** Headers that Sendoff or SES sets; each with the field to use instead, if there is one. */
const OWNED: ReadonlyMap<string, string | undefined> = new Map([
  ['from', 'from'],
  ['to', 'to'],
  ['cc', 'cc'],
  ['bcc', 'bcc'],
  ['subject', 'subject'],
  ['reply-to', 'reply_to'],
  ['sender', undefined],
  ['date', undefined],
  ['message-id', undefined],
  ['return-path', undefined],
  ['received', undefined],
  ['mime-version', undefined],
  ['dkim-signature', undefined],
  ['domainkey-signature', undefined],
  ['authentication-results', undefined],
  ['feedback-id', undefined],
  // In an object this name sets the prototype, so the header would be lost on its way.
  ['__proto__', undefined],
]);

/** `X-SES-…` controls SES (configuration set, tags, source ARN); `Content-…` would break the MIME; the others forge traces. */
const OWNED_PREFIX = /^(?:x-ses-|x-amzn?-|content-|resent-|arc-)/;

/** Lists of addresses, URLs or ids. Programs read them and would not decode an encoded word. */
const STRUCTURED =
  /^(?:in-reply-to|references|original-message-id|supersedes|list-.+|disposition-notification-to|return-receipt-to|errors-to|mail-followup-to|mail-reply-to)$/i;

/** True for a header whose value has a syntax of its own, so that it cannot be encoded like text. */
export function isStructuredHeader(name: string): boolean {
  return STRUCTURED.test(name);
}

/** A longer run of blanks could be folded into a line of only blanks, which RFC 5322 3.2.2 forbids. */
export const MAX_BLANKS = 60;

/** True for text with more than 60 blanks in a row, which cannot be put into a header unencoded. */
export function hasLongBlanks(text: string): boolean {
  return LONG_BLANKS.test(text);
}

const LONG_BLANKS = new RegExp(`[\\t ]{${MAX_BLANKS + 1}}`);

/** Checks custom headers; throws a 422 that names the wrong one. */
export function checkHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(headers);
  if (entries.length > limits.headers)
    throw invalid(`Too many \`headers\`: ${entries.length}; at most ${limits.headers}.`);
  const seen = new Set<string>();
  for (const [name, value] of entries) {
    const lower = name.toLowerCase();
    if (!HEADER_NAME.test(name))
      throw invalid(`Invalid \`headers\` field: ${JSON.stringify(name.slice(0, 80))} is not a header name.`);
    if (OWNED.has(lower) || OWNED_PREFIX.test(lower)) throw invalid(owned(name, OWNED.get(lower)));
    if (seen.has(lower)) throw invalid(`Invalid \`headers\` field: ${name} is there twice.`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must not pass.
    if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value))
      throw invalid(`Invalid \`headers.${name}\`: it has a line break or another control character.`);
    if (isStructuredHeader(name)) checkStructured(name, value);
    if (/^[\t -~]*$/.test(value) && value.split(/[\t ]/).some((word) => word.length > limits.headerWordLength))
      throw invalid(
        `Invalid \`headers.${name}\`: a word of it is longer than ${limits.headerWordLength} characters and fits no line.`,
      );
    seen.add(lower);
  }
  return headers;
}

function checkStructured(name: string, value: string): void {
  if (!/^[\t -~]*$/.test(value))
    throw invalid(`Invalid \`headers.${name}\`: programs read this header, and it takes only ASCII.`);
  if (hasLongBlanks(value.trim()))
    throw invalid(`Invalid \`headers.${name}\`: it has more than ${MAX_BLANKS} blanks in a row.`);
}

function owned(name: string, field: string | undefined): string {
  return `Invalid \`headers\` field: ${name} cannot be set${field ? `; use the field \`${field}\`` : ''}.`;
}
