import { findImport, startImport } from '../../functions/core/audience/import/imports.ts';
import { createSegment } from '../../functions/core/audience/segments.ts';
import { audienceTasks } from '../../functions/core/audience/tasks.ts';
import { createWriters } from '../../functions/core/document/writers.ts';
import { newId } from '../../functions/core/ids.ts';
import type { Backend } from '../../functions/core/ports/backend.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import { createWorker } from '../../functions/core/task/worker.ts';
import { createMemoryBackend } from '../helpers/memory-backend.ts';

export interface ImportOutcome {
  readonly created: number;
  readonly jobs: number;
  /** Calls of the table by kind; `getMany` counts keys. */
  readonly calls: Readonly<Record<string, number>>;
  /** The heap after each job, in MB; only with `--expose-gc`. */
  readonly heapMb: readonly number[];
}

/** Imports a file of so many rows into a segment, on a table that counts calls and forgets contacts and members. */
export async function simulateImport(rows: number): Promise<ImportOutcome> {
  const calls: Record<string, number> = {};
  const backend = createMemoryBackend();
  const table = forgetful(backend.table, (name, times) => {
    calls[name] = (calls[name] ?? 0) + times;
  });
  const ports: Backend = {
    ...backend,
    table,
    updateAndSend: async (key, change, anyOf, job) => {
      const outcome = await table.update<never>(key, change, anyOf);
      if (outcome.applied) await backend.broker.send([job]);
      return outcome;
    },
  };
  // It stands still: on a busy machine a job would end before its batches.
  const startedAtMs = Date.now();
  const now = () => startedAtMs;
  const log = { info: () => {}, warn: () => {}, error: console.error };
  const segment = await createSegment('All', { table, now, newId });
  const lines = Array.from({ length: rows }, (_, row) => `u${row}@example.org,Name ${row}\n`);
  const id = await startImport(
    {
      file: Buffer.from(`email,first_name\n${lines.join('')}`),
      columnMap: {},
      onConflict: 'upsert',
      segments: [segment.id],
      topics: [],
    },
    { backend: ports, now, newId, retentionMs: 86_400_000 },
  );
  lines.length = 0;
  const dependencies = { ...ports, asWriter: createWriters(now), publish: async () => {} };
  const work = createWorker({
    tasks: audienceTasks,
    dependencies,
    broker: backend.broker,
    log,
    concurrency: 1,
    now,
    random: () => 0,
  });
  const heapMb: number[] = [];
  for (let jobs = 0; ; jobs++) {
    const deliveries = await backend.receive();
    if (deliveries.length === 0) return { created: (await findImport(table, id)).counts.created, jobs, calls, heapMb };
    await work(deliveries, () => now() + 60_000);
    if (globalThis.gc) {
      globalThis.gc();
      heapMb.push(Math.round(process.memoryUsage().heapUsed / 1e6));
    }
  }
}

function forgetful(table: Table, count: (name: string, times: number) => void): Table {
  const isForgotten = (key: string) => /^(?:contact|member)#/.test(key);
  const kindOf = (key: string) => key.split('#')[0];
  return {
    ...table,
    getMany: async (keys) => {
      if (keys[0]) count(`getMany ${kindOf(keys[0])}`, keys.length);
      return keys[0] && isForgotten(keys[0]) ? keys.map(() => undefined) : table.getMany(keys);
    },
    insert: async (document) => {
      count(`insert ${kindOf(document.key)}`, 1);
      return isForgotten(document.key) ? { applied: true, document: undefined } : table.insert(document);
    },
    update: (key, change, anyOf) => {
      count(`update ${kindOf(key)}`, 1);
      return table.update(key, change, anyOf);
    },
    query: (query) => {
      count(`query ${kindOf(query.partition)}`, 1);
      return table.query(query);
    },
  };
}
