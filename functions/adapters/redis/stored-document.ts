import type { Change, Condition, Document, FieldTest, NewDocument, WriteOutcome } from '../../core/ports/table.ts';
import type { RedisClient, RedisValue } from './client.ts';
import { memberOf } from './index-member.ts';
import type { InsertArguments, UpdateArguments } from './lua/documents.ts';

/** A document as it is stored (lua/cache.ts). */
interface Stored {
  readonly f: Readonly<Record<string, string>>;
  readonly l?: string;
  readonly d?: string;
  readonly x?: string;
}

/** A new document as the script takes it. */
export function insertArguments(
  { keyOf }: RedisClient,
  { key, fields, list: listEntry, due, expiresAtMs }: NewDocument,
): InsertArguments {
  const [l, d, x] = [memberOf(key, listEntry), memberOf(key, due), expiryOf(expiresAtMs)];
  const stored: Stored = { f: encode(fields), ...(l ? { l } : {}), ...(d ? { d } : {}), ...(x ? { x } : {}) };
  return { key: keyOf(key), text: JSON.stringify(stored), expires: x, list: l, due: d };
}

/** A change as the script takes it. */
export function updateArguments(
  { keyOf }: RedisClient,
  key: string,
  change: Change,
  anyOf: readonly Condition[] | undefined,
): UpdateArguments {
  return { key: keyOf(key), change: JSON.stringify(changeArgument(key, change, anyOf)) };
}

/** A deletion as the script takes it. */
export function deleteArguments(
  { keyOf }: RedisClient,
  key: string,
  anyOf: readonly Condition[] | undefined,
): UpdateArguments {
  return { key: keyOf(key), change: JSON.stringify({ any: tests(anyOf) }) };
}

/** Parses the answer of a write: whether it applied, and the document's text. */
export function parseOutcome<T extends Document>(answer: RedisValue | undefined, nowMs: number): WriteOutcome<T> {
  const [applied, text = null]: readonly RedisValue[] = Array.isArray(answer) ? answer : [];
  return { applied: applied === 1, document: parseDocument<T>(text, nowMs) };
}

/** The document in a stored text; undefined if there is no text or the document has expired. */
export function parseDocument<T extends Document>(text: RedisValue, nowMs: number): T | undefined {
  if (typeof text !== 'string') return undefined;
  const { f, x }: Stored = JSON.parse(text);
  if (x !== undefined && Number(x) <= nowMs) return undefined;
  const fields = Object.entries(f).map(([field, json]) => [field, JSON.parse(json)]);
  return Object.fromEntries(fields);
}

/** A time as Redis takes it, in whole ms; empty for never. */
export const expiryOf = (expiresAtMs: number | undefined): string =>
  expiresAtMs === undefined ? '' : String(Math.max(1, Math.ceil(expiresAtMs)));

function encode(fields: Document): Record<string, string> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([field, value]) => [field, JSON.stringify(value)]));
}

function changeArgument(key: string, change: Change, anyOf: readonly Condition[] | undefined) {
  const { set = {}, remove = [], add = {}, append = {}, list: listEntry, due, expiresAtMs } = change;
  // Without its brackets, an encoded list can be appended to another.
  const added = Object.entries(append).map(([field, values]) => [field, JSON.stringify(values).slice(1, -1)]);
  return {
    set: encode(set),
    remove,
    ...(Object.keys(add).length > 0 ? { add } : {}),
    append: Object.fromEntries(added),
    any: tests(anyOf),
    ...(listEntry === undefined ? {} : { l: memberOf(key, listEntry ?? undefined) }),
    ...(due === undefined ? {} : { d: memberOf(key, due ?? undefined) }),
    ...(expiresAtMs === undefined ? {} : { x: expiryOf(expiresAtMs) }),
  };
}

function tests(anyOf: readonly Condition[] | undefined) {
  if (!anyOf || anyOf.length === 0) return undefined;
  return anyOf.map((condition) => Object.entries(condition).map(([field, test]) => [field, ...testArguments(test)]));
}

/** Stored values are JSON as JSON.stringify writes it: equal values are equal texts. */
function testArguments(test: FieldTest): [kind: string, operand: unknown] {
  if (typeof test !== 'object') return ['eq', JSON.stringify(test)];
  if ('in' in test) return ['in', test.in.map((value) => JSON.stringify(value))];
  if ('below' in test) return ['lt', test.below];
  if ('atMost' in test) return ['le', test.atMost];
  if ('between' in test) return ['bt', test.between];
  return ['exists', test.exists];
}
