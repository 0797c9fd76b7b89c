import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { newId } from '../../functions/core/ids.ts';
import type { Backend } from '../../functions/core/ports/backend.ts';
import type { Delivery } from '../../functions/core/ports/broker.ts';
import type { QueueName } from '../../functions/core/queues.ts';
import { acceptRun } from '../../functions/core/run/accept/accept.ts';
import type { AcceptRequest } from '../../functions/core/run/accept/request.ts';
import { cancelRun } from '../../functions/core/run/cancel.ts';
import type { TaskDefinition } from '../../functions/core/run/definition/definition.ts';
import { createRunTasks } from '../../functions/core/run/execution/tasks.ts';
import { retryFailed } from '../../functions/core/run/retry.ts';
import { listRuns, readJson, readRun } from '../../functions/core/run/store.ts';
import { createWorker } from '../../functions/core/task/worker.ts';
import { task } from '../../functions/tasks/tasks.ts';

export interface RunsUnderTest {
  readonly backend: Backend;
  /** Takes (and acknowledges) what can be delivered now; empty when nothing can. */
  receive(queue: QueueName): Promise<Delivery[]>;
  close(): Promise<void>;
}

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const now = Date.now;
const retry = { attempts: 2, backoff: 'fixed', delaySeconds: 0 } as const;

/** The life of a run on a real backend: what the unit tests show in memory rests on this. */
export function runsContract(name: string, create: () => Promise<RunsUnderTest>): void {
  describe(`runs on ${name}`, () => {
    let underTest: RunsUnderTest;
    let backend: Backend;
    let broken = true;
    const echo = task('contract.echo', { args: z.any() }, async (args: unknown, run) => {
      run.progress(1, 2);
      return run.step('a step: with "odd" #characters', () => args);
    });
    const failing = task('contract.fail', { args: z.string(), retry }, async (text, run) => {
      await run.step('first', () => text);
      if (broken) throw new Error('broken');
      run.continue('gone on');
    });
    const walking = task('contract.walk', { args: z.number(), priority: 'bulk' }, async (n, run) => {
      await run.step(`page ${n}`, () => 'x'.repeat(5_000));
      if (n < 3) run.continue(n + 1);
      return n;
    });
    const message = task(
      'contract.message',
      { args: z.string(), keep: false },
      async (text) => void messages.push(text),
    );
    const messages: string[] = [];

    beforeAll(async () => {
      underTest = await create();
      backend = underTest.backend;
    });
    afterAll(() => underTest?.close());

    const accept = (definition: TaskDefinition, args: unknown, request: Partial<AcceptRequest> = {}) =>
      acceptRun({ task: definition.description, argsJson: JSON.stringify(args), ...request }, { backend, now, newId });
    const work = (deliveries: readonly Delivery[]) => {
      const email = { send: async () => ({ id: '' }), sendBatch: async () => [] };
      const dependencies = { backend, now, random: () => 0, log: silent, email, effects: {}, redact: String };
      const tasks = createRunTasks([echo, failing, walking, message], dependencies);
      const worker = createWorker({
        ...{ tasks, dependencies: undefined, broker: backend.broker, log: silent },
        ...{ concurrency: 10, now, random: () => 0 },
      });
      return worker(deliveries, () => now() + 890_000);
    };
    const drain = async () => {
      for (;;) {
        const deliveries = [...(await underTest.receive('tasks')), ...(await underTest.receive('tasks-bulk'))];
        if (deliveries.length === 0) return;
        expect(await work(deliveries)).toEqual([]);
      }
    };
    const read = async (id: string) => {
      const run = await readRun(backend.table, id);
      if (!run) throw new Error('the run is stored');
      return run;
    };

    it('succeed, and keep arguments, steps and results exactly, small and large', async () => {
      const small = { none: [], no: {}, large: 1e300, text: '\ud83d\ude00\ufffe "', deep: [[{ a: null }]] };
      const large = { text: 'ä'.repeat(300_000) };
      const ids = [await accept(echo, small), await accept(echo, large)];
      await drain();
      for (const [index, value] of [small, large].entries()) {
        const run = await read(ids[index] ?? '');
        expect(run).toMatchObject({ status: 'succeeded', attempts: 1, progress: { done: 1, total: 2 }, settled: true });
        expect(run.claimedBy).toBeUndefined();
        expect(await readJson(run.result, backend.bodies)).toEqual(value);
        expect(await readJson(run.args, backend.bodies)).toEqual(value);
        expect(JSON.stringify(run).length).toBeLessThan(2_000);
      }
    });

    it('are tried again, fail, are found among the failed ones, and are retried with their steps', async () => {
      const id = await accept(failing, 'a');
      await drain();
      expect(await read(id)).toMatchObject({ status: 'failed', attempts: 2, error: { message: 'broken' } });
      const tasks = [failing.name];
      expect((await listRuns(backend.table, { tasks, statuses: ['failed'] })).items.map((run) => run.id)).toEqual([id]);
      broken = false;
      expect(await retryFailed({ task: failing.name }, { backend, now })).toMatchObject({ retried: 1 });
      broken = true;
      await drain();
      // It went on with other arguments, and failed as that.
      expect(await read(id)).toMatchObject({ status: 'failed', attempts: 2 });
    });

    it('go on with other arguments, without the steps before', async () => {
      const id = await accept(walking, 1);
      await drain();
      const run = await read(id);
      expect(run).toMatchObject({ status: 'succeeded', continued: 2, attempts: 1 });
      expect(Object.keys(run).filter((field) => field.startsWith('step:'))).toEqual(['step:page 3']);
    });

    it('are one for an idempotency key', async () => {
      const request = { idempotencyKey: newId() };
      const ids = await Promise.all(Array.from({ length: 5 }, () => accept(echo, { a: 1 }, request)));
      expect(new Set(ids).size).toBe(1);
      await drain();
      expect(await read(ids[0] ?? '')).toMatchObject({ status: 'succeeded', attempts: 1 });
      await expect(accept(echo, { a: 2 }, request)).rejects.toMatchObject({ status: 409 });
    });

    it('are claimed by one of many workers at once', async () => {
      const id = await accept(echo, 1);
      const [job] = await underTest.receive('tasks');
      if (!job) throw new Error('there is a job');
      const copies = Array.from({ length: 5 }, (_, copy) => ({ ...job, id: `copy ${copy}` }));
      expect((await Promise.all(copies.map((copy) => work([copy])))).flat()).toEqual([]);
      expect(await read(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    });

    it('do not begin when they are canceled, and are listed newest first', async () => {
      const later = await accept(echo, 1, { dueAtMs: now() + 600_000 });
      expect(await cancelRun(later, { backend, now })).toMatchObject({ status: 'canceled' });
      const { items, hasMore } = await listRuns(backend.table, { tasks: [echo.name], limit: '2' });
      expect([items[0]?.id, items.length, hasMore]).toEqual([later, 2, true]);
    });

    it('are messages alone where nothing is kept', async () => {
      await accept(message, 'hello');
      await accept(message, 'x'.repeat(100_000));
      await drain();
      expect(messages.map((text) => text.length).toSorted((a, b) => a - b)).toEqual([5, 100_000]);
    });
  });
}
