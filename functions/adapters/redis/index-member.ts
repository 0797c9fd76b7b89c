import type { IndexEntry } from '../../core/ports/table.ts';

/** Between the parts of a member; sorts before every character a sort value may have. */
const SEPARATOR = '\u0001';
/** Comes right after the separator: an upper bound of all members that begin with the same part. */
const AFTER_SEPARATOR = '\u0002';

/** A document's member of an index: partition, sort value and key; empty for no entry. */
export function memberOf(key: string, entry: IndexEntry | undefined): string {
  return entry ? [entry.partition, entry.sort, key].join(SEPARATOR) : '';
}

/** The sort value and the key in a member. */
export function parseMember(member: string): { key: string; sort: string } {
  const [, sort = '', ...key] = member.split(SEPARATOR);
  return { key: key.join(SEPARATOR), sort };
}

/** Bounds of a partition's members, as in ZRANGEBYLEX: of all, or of those between two sort values, which are left out. */
export function memberBounds(partition: string, low?: string, high?: string): { from: string; to: string } {
  const start = `${partition}${SEPARATOR}`;
  return {
    from: low === undefined ? `[${start}` : `[${start}${low}${AFTER_SEPARATOR}`,
    to: high === undefined ? `(${partition}${AFTER_SEPARATOR}` : `(${start}${high}${SEPARATOR}`,
  };
}
