import { submitInParallel, updateThenSend } from '../../functions/adapters/aws/backend.ts';
import type { Backend } from '../../functions/core/ports/backend.ts';
import type { Backlog, Delivery, OutgoingJob } from '../../functions/core/ports/broker.ts';
import type {
  Change,
  Condition,
  Document,
  FieldTest,
  FieldValue,
  IndexEntry,
  Table,
  WriteOutcome,
} from '../../functions/core/ports/table.ts';
import type { QueueName } from '../../functions/core/queues.ts';
import { createMemoryIndex } from './memory-index.ts';

interface Stored {
  readonly fields: Record<string, FieldValue | undefined>;
  readonly list?: IndexEntry | null | undefined;
  readonly due?: IndexEntry | null | undefined;
  readonly expiresAtMs?: number | undefined;
}

export interface MemoryBackend extends Backend {
  /** Receives up to 10 jobs that are due. */
  receive(queue?: QueueName): Promise<Delivery[]>;
  /** The jobs of a queue that were not received yet. */
  backlog(queue: QueueName): Promise<Backlog>;
  /** Every job not received yet, due or not, oldest first. */
  waiting(): OutgoingJob[];
  close(): Promise<void>;
}

/** The ports in memory, with a clock that tests can set. It passes the contract suites, so it can replace any backend in tests. */
export function createMemoryBackend({ now = Date.now, delayHorizonMs = 840_000 } = {}): MemoryBackend {
  const table = createMemoryTable(now);
  const files = new Map<string, Uint8Array>();
  let queued: OutgoingJob[] = [];
  let deliveries = 0;
  const bodies = {
    put: async (key: string, bytes: Uint8Array) => void files.set(key, Uint8Array.from(bytes)),
    get: async (key: string) => files.get(key),
    delete: async (key: string) => void files.delete(key),
  };
  const broker = { send: async (jobs: readonly OutgoingJob[]) => void queued.push(...structuredClone(jobs)) };
  const parts = { table, bodies, broker };
  return {
    ...parts,
    delayHorizonMs,
    submit: (submissions) => submitInParallel(parts, submissions),
    updateAndSend: updateThenSend(parts),
    receive: async (queue = 'transactional') => {
      const due = inTurn(queued.filter((one) => one.queue === queue && (one.job.dueAtMs ?? 0) <= now())).slice(0, 10);
      queued = queued.filter((one) => !due.includes(one));
      return due.map(({ job }) => ({ id: `delivery-${++deliveries}`, body: JSON.stringify(job), queue }));
    },
    backlog: async (name) => ({ jobs: queued.filter(({ queue }) => queue === name).length }),
    waiting: () => [...queued],
    close: async () => {},
  };
}

/** The first jobs of all groups, then the second ones, and so on. */
function inTurn(jobs: readonly OutgoingJob[]): OutgoingJob[] {
  const groups = Map.groupBy(jobs, ({ job }) => job.group);
  const turns = new Map([...groups.values()].flatMap((group) => group.map((one, turn) => [one, turn] as const)));
  return jobs.toSorted((one, other) => (turns.get(one) ?? 0) - (turns.get(other) ?? 0));
}

function createMemoryTable(now: () => number): Table {
  const documents = new Map<string, Stored>();
  const indexes = { list: createMemoryIndex(), due: createMemoryIndex() };
  /** Replaces a document; undefined deletes it. */
  const store = (key: string, stored: Stored | undefined) => {
    const standing = documents.get(key);
    for (const name of ['list', 'due'] as const) {
      if (standing?.[name] === stored?.[name]) continue;
      if (standing?.[name]) indexes[name].remove(key, standing[name]);
      if (stored?.[name]) indexes[name].add(key, stored[name]);
    }
    if (stored) documents.set(key, stored);
    else documents.delete(key);
  };
  const live = (key: string): Stored | undefined => {
    const stored = documents.get(key);
    return stored && (stored.expiresAtMs ?? Number.POSITIVE_INFINITY) > now() ? stored : undefined;
  };
  const read = <T extends Document>(stored: Stored | undefined) => stored && (plain(stored.fields) as unknown as T);
  const allowed = (stored: Stored, anyOf: readonly Condition[] = []) =>
    anyOf.length === 0 || anyOf.some((condition) => holds(stored.fields, condition));

  return {
    get: async <T extends Document>(key: string) => read<T>(live(key)),
    getMany: async <T extends Document>(keys: readonly string[]) => keys.map((key) => read<T>(live(key))),
    async insert<T extends Document>({ key, fields, list, due, expiresAtMs }: Parameters<Table['insert']>[0]) {
      checkNames(fields);
      const standing = live(key);
      if (!standing) store(key, { fields: plain(fields), list, due, expiresAtMs });
      return { applied: !standing, document: read<T>(standing ?? documents.get(key)) };
    },
    async update<T extends Document>(key: string, change: Change, anyOf?: readonly Condition[]) {
      checkNames(change.set ?? {});
      const standing = live(key);
      if (!standing || !allowed(standing, anyOf)) return { applied: false, document: read<T>(standing) };
      const changed = changeOf(standing, change);
      store(key, changed);
      return { applied: true, document: read<T>(changed) } satisfies WriteOutcome<T>;
    },
    async delete(key, anyOf) {
      const standing = live(key);
      if (standing === undefined || !allowed(standing, anyOf)) return false;
      store(key, undefined);
      return true;
    },
    query: async ({ index, ...page }) => indexes[index].query(page),
    parts: async () => [0],
  };
}

/** The DynamoDB table's own attributes: a field with one of their names would be lost there. */
const OWN_ATTRIBUTES = ['key', 'listPartition', 'listSort', 'duePartition', 'dueSort', 'expiresAt'];

function checkNames(fields: Document): void {
  const taken = OWN_ATTRIBUTES.find((name) => fields[name] !== undefined);
  if (taken) throw new Error(`no document may have the field ${taken}`);
}

/** A copy without undefined fields, as a database stores it. */
const plain = (fields: Document): Record<string, FieldValue | undefined> => JSON.parse(JSON.stringify(fields));

function changeOf({ fields, list, due, expiresAtMs }: Stored, change: Change): Stored {
  const changed = { ...fields, ...plain(change.set ?? {}) };
  for (const name of change.remove ?? []) delete changed[name];
  for (const [name, number] of Object.entries(change.add ?? {})) {
    const before = changed[name] ?? 0;
    if (typeof before !== 'number') throw new Error(`the field ${name} is not a number`);
    changed[name] = before + number;
  }
  for (const [name, entries] of Object.entries(change.append ?? {})) {
    const before = changed[name];
    changed[name] = [...(Array.isArray(before) ? before : []), ...entries];
  }
  return {
    fields: changed,
    list: change.list === undefined ? list : change.list,
    due: change.due === undefined ? due : change.due,
    expiresAtMs: change.expiresAtMs ?? expiresAtMs,
  };
}

function holds(fields: Document, condition: Condition): boolean {
  return Object.entries(condition).every(([name, test]) => passes(fields[name], test));
}

function passes(value: FieldValue | undefined, test: FieldTest): boolean {
  if (typeof test !== 'object') return value === test;
  if ('in' in test) return test.in.some((candidate) => candidate === value);
  if ('exists' in test) return test.exists === (value !== undefined);
  if (typeof value !== 'number') return false;
  if ('between' in test) return value >= test.between[0] && value <= test.between[1];
  return 'below' in test ? value < test.below : value <= test.atMost;
}
