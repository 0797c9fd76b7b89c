import * as z from 'zod/mini';
import { invalid, invalidAddress, type SendoffError } from './errors.ts';

/** The most fields of a request, and the most entries of a field. */
const MAX_ENTRIES = 1_000;
/** Fields of addresses, whose errors have Resend's wording. */
const ADDRESS_FIELDS = new Set<PropertyKey>(['from', 'to', 'cc', 'bcc', 'reply_to']);

/** DynamoDB takes no number that is nearer to 0. */
const LEAST_NUMBER = 1e-130;

/** False for a number that would lose digits in the table, or that DynamoDB or its client refuses. */
export const isStorable = (value: number): boolean =>
  Math.abs(value) <= Number.MAX_SAFE_INTEGER && (value === 0 || Math.abs(value) >= LEAST_NUMBER);

/** A number that is stored. */
export const storableNumber = z
  .number()
  .check(z.gte(Number.MIN_SAFE_INTEGER), z.lte(Number.MAX_SAFE_INTEGER), z.refine(isStorable, 'It is too near to 0.'));

/** No schema of a request nests deeper. */
const MAX_DEPTH = 4;

/** Parses with a schema and makes all text well-formed; the first thing wrong becomes a 422 that names the field. */
export function validate<T>(schema: z.ZodMiniType<T>, value: unknown, fields: readonly string[] = []): T {
  checkEntries(value);
  const result = schema.safeParse(value);
  if (result.success) return wellFormed(result.data, MAX_DEPTH);
  const [issue] = result.error.issues;
  throw issue ? describeIssue(named(issue), value, fields) : invalid('The request is not valid.');
}

/** The value with U+FFFD for each half of a surrogate pair: that is no character, and no database takes it. */
function wellFormed<T>(value: T, depth: number): T;
function wellFormed(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null || depth === 0) return value;
  if (Array.isArray(value)) return value.map((entry) => wellFormed(entry, depth - 1));
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, wellFormed(field, depth - 1)]));
}

/**
 * Refuses what a schema cannot handle: it collects every wrong entry and overflows the stack at some 100,000 of them, and
 * it silently drops an entry named `__proto__`.
 */
function checkEntries(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (Object.keys(value).length > MAX_ENTRIES) throw invalid(`The request has more than ${MAX_ENTRIES} fields.`);
  for (const [name, entries] of Object.entries(value)) {
    if (typeof entries !== 'object' || entries === null) continue;
    const count = Array.isArray(entries) ? entries.length : Object.keys(entries).length;
    const field = shorten(name);
    if (count > MAX_ENTRIES) throw invalid(`Invalid \`${field}\` field: it has more than ${MAX_ENTRIES} entries.`);
    if (Object.hasOwn(entries, '__proto__'))
      throw invalid(`Invalid \`${field}\` field: __proto__ cannot be set in it.`);
  }
}

/** Parses a whole number of a query string within a range; throws a 422 that names it. */
export function parseWhole(text: string, name: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw invalid(`Invalid \`${name}\`: it must be a whole number from ${least} to ${most}.`);
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown, fields: readonly string[]): SendoffError {
  // The caller chooses the name, which may be long.
  const field = shorten(issue.path.map(String).join('.'));
  const code = field.startsWith('attachments') ? 'invalid_attachment' : 'invalid_parameter';
  if (issue.code === 'unrecognized_keys') return unknownField(issue.keys[0] ?? '', field, fields);
  if (field === '') return invalid('The request body must be a JSON object.');
  // An optional field may be null, so this one is required.
  if ((valueAt(value, issue.path) ?? undefined) === undefined)
    return invalid(`Missing \`${field}\` field.`, 'missing_required_field');
  const [top = ''] = issue.path;
  const why = explain(issue);
  if (ADDRESS_FIELDS.has(top) && furthest(issue).code !== 'too_big')
    return invalidAddress(String(top), why.charAt(0).toUpperCase() + why.slice(1));
  if (issue.code === 'invalid_format' && hasOwnMessage(issue))
    return invalid(`${issue.message} \`${field}\` has something else.`, 'validation_error');
  return invalid(`Invalid \`${field}\` field: ${why}`, code);
}

/** For a union, the issue of the branch that names the wrong entry (`headers.X-A`); otherwise the issue itself. */
function named(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  const deepest = furthest(issue);
  const isNamed = deepest !== issue && typeof deepest.path[0] === 'string';
  return isNamed ? { ...deepest, path: [...issue.path, ...deepest.path] } : issue;
}

/** True for a message from the schema; zod/mini has only one message of its own. */
const hasOwnMessage = ({ message }: z.core.$ZodIssue): boolean => message !== 'Invalid input';

function unknownField(name: string, parent: string, fields: readonly string[]): SendoffError {
  const path = shorten(parent ? `${parent}.${name}` : name);
  const suggestion = parent ? undefined : nearest(name, fields);
  return invalid(`Unknown field \`${path}\`.${suggestion ? ` Did you mean \`${suggestion}\`?` : ''}`);
}

function explain(issue: z.core.$ZodIssue): string {
  if (hasOwnMessage(issue)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `it must be of type ${issue.expected}.`;
    case 'too_big':
      return `it must ${bound('most', issue.maximum, issue.origin)}.`;
    case 'too_small':
      return `it must ${bound('least', issue.minimum, issue.origin)}.`;
    case 'invalid_format':
      return 'only ASCII letters, digits, underscores and dashes are allowed.';
    case 'invalid_value':
      return `it must be ${issue.values.map((allowed) => JSON.stringify(allowed)).join(' or ')}.`;
    case 'invalid_union':
      return explainUnion(issue);
    default:
      return 'it is not valid.';
  }
}

function bound(side: 'most' | 'least', limit: number | bigint, origin: string): string {
  if (origin === 'array') return `have at ${side} ${limit} entries`;
  return origin === 'string' ? `have at ${side} ${limit} characters` : `be at ${side} ${limit}`;
}

const shorten = (name: string): string => (name.length > 100 ? `${name.slice(0, 100)}…` : name);

/** The issue of the union's branch that matched the most of the value. */
function furthest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const firsts = issue.errors.map((issues) => issues[0]);
  return firsts.find((first) => first && (first.path.length > 0 || first.code !== 'invalid_type')) ?? issue;
}

function explainUnion(issue: z.core.$ZodIssue): string {
  const deepest = furthest(issue);
  if (deepest === issue) return 'it has the wrong type.';
  return `${deepest.path.length > 0 ? `entry ${deepest.path.join('.')}: ` : ''}${explain(deepest)}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

/** The candidate that is closest to `name` by edit distance, if it is close enough to be meant. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const scored = candidates.map((candidate) => ({
    candidate,
    distance: editDistance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  scored.sort((a, b) => a.distance - b.distance);
  const best = scored[0];
  if (!best || best.distance > Math.max(2, best.candidate.length / 3)) return undefined;
  // They must have something in common: `x` does not mean `to`.
  return best.distance < Math.min(name.length, best.candidate.length) - 1 ? best.candidate : undefined;
}

/** Levenshtein distance; names are cut at 64 characters to limit the work for a hostile one. */
function editDistance(from: string, to: string): number {
  const source = from.slice(0, 64);
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= source.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (source[i - 1] === to[j - 1] ? 0 : 1);
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution);
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
