import type { EmailFilter } from '../../core/email/search.ts';
import { lastEvents } from '../../core/email/status.ts';
import { invalid } from '../../core/errors.ts';
import { parseIso } from '../../core/iso-time.ts';
import { nearest } from '../../core/validate.ts';

/** The parameters of `GET /emails` that make it a search. */
export const filterNames = ['status', 'from', 'to', 'subject', 'tag', 'since', 'until'] as const;

/** The longest text to search for: the longest subject has 998 characters. */
const MAX_LENGTH = 1_000;
/** The last time whose epoch ms have 13 digits, as entries of lists do. */
const MAX_TIME_MS = 9_999_999_999_999;

/** The filter of a request; undefined if it has none. An empty text is none. Throws a 422 that names the wrong one. */
export function parseFilter(query: Readonly<Record<string, string>>): EmailFilter | undefined {
  const given = Object.fromEntries(
    filterNames.flatMap((name) => {
      const text = query[name];
      const isNone = text === undefined || (text === '' && name !== 'since' && name !== 'until');
      return isNone ? [] : [[name, text.toWellFormed()] as const];
    }),
  ) as Partial<Record<(typeof filterNames)[number], string>>;
  const [long] = Object.entries(given).find(([, text]) => text.length > MAX_LENGTH) ?? [];
  if (long !== undefined) throw invalid(`Invalid \`${long}\`: it must have at most ${MAX_LENGTH} characters.`);
  if (Object.keys(given).length === 0) return undefined;
  const { status, from, to, subject, tag, since, until } = given;
  return {
    statuses: status?.split(',').map(statusOf),
    from,
    subject,
    to: to === undefined ? undefined : addressOf(to),
    tag: tag === undefined ? undefined : tagOf(tag),
    sinceMs: since === undefined ? undefined : timeOf('since', since),
    untilMs: until === undefined ? undefined : timeOf('until', until),
  };
}

function statusOf(text: string): string {
  const name = text.trim();
  if (lastEvents.includes(name)) return name;
  const suggestion = nearest(name, lastEvents);
  throw invalid(
    `Invalid \`status\`: ${suggestion ? `did you mean \`${suggestion}\`?` : `it must be of ${lastEvents.join(', ')}.`}`,
  );
}

function addressOf(text: string): string {
  if (text.includes('@')) return text;
  throw invalid('Invalid `to`: it must be the whole address of a recipient.');
}

/** Names and values of tags have no colon. */
function tagOf(text: string): EmailFilter['tag'] {
  const [name = '', value, more] = text.split(':');
  if (name === '' || more !== undefined) throw invalid('Invalid `tag`: it must be `name:value` or `name`.');
  return { name, value: value === '' ? undefined : value };
}

function timeOf(name: string, text: string): number {
  const atMs = parseIso(text);
  if (atMs >= 0 && atMs <= MAX_TIME_MS) return atMs;
  throw invalid(`Invalid \`${name}\`: it must be an ISO 8601 date or time.`);
}
