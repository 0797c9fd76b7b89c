import type {
  Change,
  Condition,
  Document,
  FieldTest,
  IndexEntry,
  NewDocument,
  Table,
  WriteOutcome,
} from '../../core/ports/table.ts';
import type { RedisClient, RedisValue } from './client.ts';
import type { InsertArguments, UpdateArguments } from './lua/documents.ts';
import * as operations from './operations.ts';

/** Between the parts of an index's member; sorts before every character a sort value may have. */
const SEPARATOR = '\u0001';
/** Comes right after the separator: an upper bound of all members that begin with the same part. */
const AFTER_SEPARATOR = '\u0002';
/** One insert in so many removes up to 500 entries of expired documents from the old end of its partition in the index. */
const SWEEP_EVERY = 200;

interface Stored {
  readonly f: Readonly<Record<string, string>>;
  readonly l?: string;
  readonly d?: string;
  readonly x?: string;
}

/** The table port on Redis. lua/cache.ts tells how a document is stored, lua/indexes.ts how an index is. */
export function createRedisTable(client: RedisClient, now: () => number = Date.now, random = Math.random): Table {
  const { keyOf, run, runAll } = client;
  const parse = <T extends Document>(text: RedisValue): T | undefined => parseDocument<T>(text, now());
  const outcome = <T extends Document>(answer: RedisValue) => parseOutcome<T>(answer, now());

  return {
    get: async (key) => parse(await run(operations.get(keyOf(key)))),

    getMany: async <T extends Document>(keys: readonly string[]) => {
      if (keys.length === 0) return [];
      const texts = await runAll(keys.map((key) => operations.get(keyOf(key))));
      return texts.map((text) => parse<T>(text));
    },

    async insert(document) {
      const { list: entry, expiresAtMs } = document;
      const sweeps = entry !== undefined && expiresAtMs !== undefined && random() * SWEEP_EVERY < 1;
      const [answer = null] = await runAll([
        operations.insert(insertArguments(client, document)),
        ...(sweeps ? [operations.sweep({ index: 'l', ...wholePartition(entry.partition) })] : []),
      ]);
      return outcome(answer);
    },

    update: async (key, change, anyOf) =>
      outcome(await run(operations.update(updateArguments(client, key, change, anyOf)))),

    delete: async (key, anyOf) => {
      const change = JSON.stringify({ any: tests(anyOf) });
      return (await run(operations.deleteDocument({ key: keyOf(key), change }))) === 1;
    },

    async query({ index, partition, limit, order, after, before }) {
      const all = wholePartition(partition);
      const at = (sort: string) => `${partition}${SEPARATOR}${sort}`;
      const [low, high] = order === 'ascending' ? [after, before] : [before, after];
      const lowest = low === undefined ? all.from : `[${at(low)}${AFTER_SEPARATOR}`;
      const highest = high === undefined ? all.to : `(${at(high)}${SEPARATOR}`;
      const descending = order === 'descending';
      const bounds = descending ? { from: highest, to: lowest } : { from: lowest, to: highest };
      const query = operations.query({ index: index === 'list' ? 'l' : 'd', descending, ...bounds, limit });
      const members = list(await run(query));
      return members.map((member) => {
        const [, sort = '', ...key] = String(member).split(SEPARATOR);
        return { key: key.join(SEPARATOR), sort };
      });
    },
  };
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

/** What a write answers: whether it applied, and the document's text. */
export function parseOutcome<T extends Document>(answer: RedisValue | undefined, nowMs: number): WriteOutcome<T> {
  const [applied, text = null] = list(answer ?? null);
  return { applied: applied === 1, document: parseDocument<T>(text, nowMs) };
}

/** The document in a stored text; undefined when there is none, or none any more. */
export function parseDocument<T extends Document>(text: RedisValue, nowMs: number): T | undefined {
  if (typeof text !== 'string') return undefined;
  const { f, x }: Stored = JSON.parse(text);
  if (x !== undefined && Number(x) <= nowMs) return undefined;
  const fields = Object.entries(f).map(([field, json]) => [field, JSON.parse(json)]);
  return Object.fromEntries(fields);
}

/** A moment as Redis takes it: whole ms; empty for never. */
export const expiryOf = (expiresAtMs: number | undefined): string =>
  expiresAtMs === undefined ? '' : String(Math.max(1, Math.ceil(expiresAtMs)));

const list = (value: RedisValue): readonly RedisValue[] => (Array.isArray(value) ? value : []);

function memberOf(key: string, entry: IndexEntry | undefined): string {
  return entry ? [entry.partition, entry.sort, key].join(SEPARATOR) : '';
}

/** From the first to the last member of a partition. */
function wholePartition(partition: string): { from: string; to: string } {
  return { from: `[${partition}${SEPARATOR}`, to: `(${partition}${AFTER_SEPARATOR}` };
}

function encode(fields: Document): Record<string, string> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([field, value]) => [field, JSON.stringify(value)]));
}

function changeArgument(key: string, change: Change, anyOf: readonly Condition[] | undefined) {
  const { set = {}, remove = [], append = {}, list: listEntry, due, expiresAtMs } = change;
  // Without its brackets an encoded list can be put at the end of another.
  const added = Object.entries(append).map(([field, values]) => [field, JSON.stringify(values).slice(1, -1)]);
  return {
    set: encode(set),
    remove,
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
  return ['exists', test.exists];
}
