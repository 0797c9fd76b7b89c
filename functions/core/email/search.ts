import type { Page, PageRequest } from '../document/list.ts';
import { entryPages } from '../document/pages.ts';
import { idIn, timeIn, timeSort } from '../document/time-sort.ts';
import { notFound } from '../errors.ts';
import { isId } from '../ids.ts';
import type { Entry, Query, Table } from '../ports/table.ts';
import { parseWhole } from '../validate.ts';
import { normalizeAddress } from './address.ts';
import { EMAIL_PARTITION, type EmailRecord, recordKey } from './record.ts';
import { lastEvent } from './status.ts';

/** The conditions of a search; an email must meet each that is given. */
export interface EmailFilter {
  /** Values of `last_event`. */
  readonly statuses?: readonly string[] | undefined;
  /** A part of the sender, name or address, in any case. */
  readonly from?: string | undefined;
  /** The address of a recipient in `to`, `cc` or `bcc`. */
  readonly to?: string | undefined;
  /** A part of the subject, in any case. */
  readonly subject?: string | undefined;
  /** A tag; without `value`, whatever its value. */
  readonly tag?: { readonly name: string; readonly value?: string | undefined } | undefined;
  /** Accepted then or later, epoch ms. */
  readonly sinceMs?: number | undefined;
  /** Accepted before, epoch ms. */
  readonly untilMs?: number | undefined;
}

export interface FoundEmails extends Page<EmailRecord> {
  /** The id from which to go on, as `after` or `before`; absent if everything was searched. */
  readonly next?: string;
  /** When the last email that was looked at was accepted, epoch ms; absent if there was none. */
  readonly searchedUntilMs?: number;
}

/** The most records that a search reads: on DynamoDB 500 read units. */
export const MOST_SEARCHED = 1_000;
/** After this time a search answers what it has found. */
const MOST_MS = 10_000;
const STEP = 100;

/**
 * Looks through the list of emails for those that match, as there is no index by sender, recipient or subject; answers them newest
 * first. It stops when the page is full, after `MOST_SEARCHED` records or after 10 s.
 */
export async function searchEmails(
  filter: EmailFilter,
  { limit: limitText = '20', after, before }: PageRequest,
  { table, now }: { readonly table: Table; readonly now: () => number },
): Promise<FoundEmails> {
  const limit = parseWhole(limitText, 'limit', 1, 100);
  const towardsNewer = after === undefined && before !== undefined;
  const cursor = after ?? before;
  const place = cursor === undefined ? undefined : await placeOf(table, cursor);
  const query = { ...boundsOf(filter, place, towardsNewer), index: 'list', partition: EMAIL_PARTITION, limit: STEP };
  const endsAtMs = now() + MOST_MS;
  const found: EmailRecord[] = [];
  let last: Entry | undefined;
  let read = 0;
  const answer = (more: boolean): FoundEmails => ({
    items: towardsNewer ? found.toReversed() : found,
    hasMore: more,
    ...(more && last ? { next: idIn(last.sort) } : {}),
    ...(last ? { searchedUntilMs: timeIn(last.sort) } : {}),
  });
  for await (const entries of entryPages(table, query as Query)) {
    const records = await table.getMany<EmailRecord>(
      entries.map(({ key }) => key),
      { mayLag: true },
    );
    for (const [index, entry] of entries.entries()) {
      last = entry;
      const record = records[index];
      if (record && matches(record, filter) && found.push(record) === limit)
        return answer(index < entries.length - 1 || entries.length === STEP);
    }
    read += entries.length;
    if (entries.length === STEP && (read >= MOST_SEARCHED || now() >= endsAtMs)) return answer(true);
  }
  return answer(false);
}

/** The part of the list to search. A time alone sorts before every entry of that time. */
function boundsOf(
  { sinceMs, untilMs }: EmailFilter,
  place: string | undefined,
  towardsNewer: boolean,
): Pick<Query, 'order' | 'after' | 'before'> {
  const since = sinceMs === undefined ? undefined : timeSort(sinceMs, '');
  const until = untilMs === undefined ? undefined : timeSort(untilMs, '');
  const [near, far] = towardsNewer ? [since, until] : [until, since];
  const starts = [place, near].filter((sort) => sort !== undefined).sort();
  const start = towardsNewer ? starts.at(-1) : starts[0];
  return {
    order: towardsNewer ? 'ascending' : 'descending',
    ...(start === undefined ? {} : { after: start }),
    ...(far === undefined ? {} : { before: far }),
  };
}

async function placeOf(table: Table, id: string): Promise<string> {
  const record = isId(id) ? await table.get<EmailRecord>(recordKey(id)) : undefined;
  if (!record) throw notFound('The id given as `after` or `before`');
  return timeSort(record.createdAtMs, record.id);
}

function matches(record: EmailRecord, { statuses, from, to, subject, tag }: EmailFilter): boolean {
  return (
    (statuses === undefined || statuses.includes(lastEvent(record.status))) &&
    (from === undefined || has(record.from, from)) &&
    (subject === undefined || has(record.subject, subject)) &&
    (tag === undefined ||
      (record.tags ?? []).some(({ name, value }) => name === tag.name && (tag.value ?? value) === value)) &&
    (to === undefined || hasRecipient(record, normalizeAddress(to)))
  );
}

const has = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());

const hasRecipient = ({ to, cc = [], bcc = [] }: EmailRecord, address: string): boolean =>
  [...to, ...cc, ...bcc].some((mailbox) => normalizeAddress(mailbox) === address);
