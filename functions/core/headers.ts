import { limits } from './email-schema.ts';
import { invalid } from './errors.ts';

/** RFC 5322 2.2: printable ASCII but the colon. */
const HEADER_NAME = /^[!-9;-~]{1,76}$/;

/** Headers that the message itself, or SES, owns; each with the field to use instead, where there is one. */
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
]);

/** `X-SES-…` steers SES (configuration set, tags, source ARN); `Content-…` would break the MIME; the rest forge a trace. */
const OWNED_PREFIX = /^(?:x-ses-|x-amzn?-|content-|resent-|arc-)/;

/** Checks custom headers; throws a 422 that names the one at fault. */
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
    if (/^[\t -~]*$/.test(value) && value.split(/[\t ]/).some((word) => word.length > limits.headerWordLength))
      throw invalid(
        `Invalid \`headers.${name}\`: a word of it is longer than ${limits.headerWordLength} characters and fits no line.`,
      );
    seen.add(lower);
  }
  return headers;
}

function owned(name: string, field: string | undefined): string {
  return `Invalid \`headers\` field: ${name} cannot be set${field ? `; use the field \`${field}\`` : ''}.`;
}
