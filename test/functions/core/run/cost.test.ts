import { expect, it } from 'vitest';
import * as z from 'zod';
import { submitInParallel, updateThenSend } from '../../../../functions/adapters/aws/backend.ts';
import { newId } from '../../../../functions/core/ids.ts';
import type { OutgoingJob } from '../../../../functions/core/ports/broker.ts';
import { acceptRun } from '../../../../functions/core/run/accept/accept.ts';
import { createRunTasks } from '../../../../functions/core/run/execution/tasks.ts';
import { createWorker } from '../../../../functions/core/task/worker.ts';
import { task, type UserTask } from '../../../../functions/tasks/tasks.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';
import { createTableMeter } from '../../../helpers/table-meter.ts';

const args = z.object({ userId: z.string() });
const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** Calls a task once, runs it, and answers what that cost on DynamoDB and SQS. */
async function costOf(declared: UserTask<{ userId: string }, { userId: string }>, idempotencyKey?: string) {
  const memory = createMemoryBackend();
  const { table, units, calls } = createTableMeter(memory.table);
  let messages = 0;
  let bodies = 0;
  const broker = {
    send: (jobs: readonly OutgoingJob[]) => {
      messages += jobs.length;
      return memory.broker.send(jobs);
    },
  };
  const store = {
    ...memory.bodies,
    put: (...put: Parameters<typeof memory.bodies.put>) => {
      bodies++;
      return memory.bodies.put(...put);
    },
  };
  const parts = { table, broker, bodies: store };
  const backend = {
    ...memory,
    ...parts,
    submit: (submissions: Parameters<typeof submitInParallel>[1]) => submitInParallel(parts, submissions),
    updateAndSend: updateThenSend(parts),
  };
  const argsJson = JSON.stringify({ userId: newId() });
  const dependencies = { backend, now: Date.now, newId };
  await acceptRun({ task: declared.description, argsJson, idempotencyKey }, dependencies);
  const accepted = { ...Object.fromEntries(calls) };
  const email = { send: async () => ({ id: '' }), sendBatch: async () => [] };
  const common = { now: Date.now, random: Math.random, log: silent };
  const tasks = createRunTasks([declared], { ...common, backend, email, effects: {}, redact: String });
  const work = createWorker({ ...common, tasks, dependencies: undefined, broker, concurrency: 1 });
  expect(await work(await memory.receive('tasks'), () => Date.now() + 890_000)).toEqual([]);
  return { accepted, all: Object.fromEntries(calls), units, messages, bodies };
}

/** A run as the issue has it: a result, no steps. */
const kept = task('cost.kept', { args }, async ({ userId }) => ({ sentTo: userId }));
const withStep = task('cost.step', { args }, async ({ userId }, run) => run.step('load user', () => userId));
const once = task('cost.once', { args, keep: false }, async () => {});

it('a kept run costs four write units and a message; one without a record a message alone', async () => {
  const cost = await costOf(kept);
  expect(cost.accepted).toEqual({ 'insert run': 1 });
  expect(cost.all).toEqual({ 'insert run': 1, 'update run': 2 });
  expect([cost.units.read, cost.messages, cost.bodies]).toEqual([0, 1, 0]);
  const keyed = await costOf(kept, 'key');
  const stepped = await costOf(withStep);
  const plain = await costOf(once);
  expect(plain).toMatchObject({ all: {}, units: { write: 0, read: 0 }, messages: 1, bodies: 0 });
  // The entry that `due: null` removes is not there: DynamoDB bills nothing for it, the meter one each time.
  const writes = ({ units }: typeof cost) => units.write - 2;
  console.log(
    `write units a run: kept ${writes(cost)}, with a key ${writes(keyed)}, with a step ${writes(stepped)}, keep: false ${plain.units.write}`,
  );
  expect([writes(cost), writes(keyed), writes(stepped)]).toEqual([4, 5, 5]);
});
