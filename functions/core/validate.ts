import type * as z from 'zod/mini';
import { invalid, type SendoffError } from './errors.ts';

/** Parses with a schema; the first thing wrong becomes a 422 that names the field. */
export function validate<T>(schema: z.ZodMiniType<T>, value: unknown, fields: readonly string[] = []): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw issue ? describeIssue(issue, value, fields) : invalid('The request is not valid.');
}

/** Parses a whole number of a query string within a range; throws a 422 that names it. */
export function parseWhole(text: string, name: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw invalid(`Invalid \`${name}\`: it must be a whole number from ${least} to ${most}.`);
}

function describeIssue(issue: z.core.$ZodIssue, value: unknown, fields: readonly string[]): SendoffError {
  // A name is the caller's and may be long: it is told, cut.
  const field = shorten(issue.path.map(String).join('.'));
  const code = field.startsWith('attachments') ? 'invalid_attachment' : 'invalid_parameter';
  if (issue.code === 'unrecognized_keys') return unknownField(issue.keys[0] ?? '', field, fields);
  if (field === '') return invalid('The request body must be a JSON object.');
  if (valueAt(value, issue.path) === undefined) return invalid(`Missing \`${field}\` field.`, 'missing_required_field');
  return invalid(`Invalid \`${field}\` field: ${explain(issue)}`, code);
}

function unknownField(name: string, parent: string, fields: readonly string[]): SendoffError {
  const path = shorten(parent ? `${parent}.${name}` : name);
  const suggestion = parent ? undefined : nearest(name, fields);
  return invalid(`Unknown field \`${path}\`.${suggestion ? ` Did you mean \`${suggestion}\`?` : ''}`);
}

function explain(issue: z.core.$ZodIssue): string {
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
      return explainUnion(issue.errors);
    default:
      return 'it is not valid.';
  }
}

function bound(side: 'most' | 'least', limit: number | bigint, origin: string): string {
  if (origin === 'array') return `have at ${side} ${limit} entries`;
  return origin === 'string' ? `have at ${side} ${limit} characters` : `be at ${side} ${limit}`;
}

const shorten = (name: string): string => (name.length > 100 ? `${name.slice(0, 100)}…` : name);

/** Of a union's branches the one that got furthest says what is wrong. */
function explainUnion(branches: readonly (readonly z.core.$ZodIssue[])[]): string {
  const deepest = branches
    .map((issues) => issues[0])
    .find((issue) => issue && (issue.path.length > 0 || issue.code !== 'invalid_type'));
  if (!deepest) return 'it has the wrong type.';
  return `${deepest.path.length > 0 ? `entry ${deepest.path.join('.')}: ` : ''}${explain(deepest)}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

/** The candidate closest to `name` by edit distance, if it is close enough to be what was meant. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const scored = candidates.map((candidate) => ({
    candidate,
    distance: editDistance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  scored.sort((a, b) => a.distance - b.distance);
  const best = scored[0];
  if (!best || best.distance > Math.max(2, best.candidate.length / 3)) return undefined;
  // Something of the name must be left of it: `x` is not `to`.
  return best.distance < Math.min(name.length, best.candidate.length) - 1 ? best.candidate : undefined;
}

/** Levenshtein distance; names are cut at 64 characters so that a hostile one costs nothing. */
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
