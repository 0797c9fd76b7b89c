import type { Backend, Submission } from '../../core/ports/backend.ts';
import { rollback } from '../rollback.ts';
import { createRedisBodies, encodeBody } from './bodies.ts';
import { createRedisBroker, sendArguments } from './broker.ts';
import type { RedisClient } from './client.ts';
import type { Operation } from './lua/operation.ts';
import * as operations from './operations.ts';
import { insertArguments, parseOutcome, updateArguments } from './stored-document.ts';
import { createRedisTable } from './table.ts';

/** Both broker and table on one Redis database. */
export function createRedisBackend(client: RedisClient, now: () => number = Date.now): Backend {
  const table = createRedisTable(client, now);
  return {
    table,
    bodies: createRedisBodies(client),
    broker: createRedisBroker(client),
    // A sorted set delays a job for any time.
    delayHorizonMs: Number.POSITIVE_INFINITY,
    async submit(submissions) {
      const submits = submissions.map((submission) => submitOperation(client, submission));
      const answers = await client.runAll(submits).catch(async (error: unknown) => {
        await rollback(table, submissions);
        throw error;
      });
      return answers.map((answer) => parseOutcome(answer, now()));
    },
    async updateAndSend(key, change, anyOf, job) {
      const args = { ...updateArguments(client, key, change, anyOf), ...sendArguments(job) };
      return parseOutcome(await client.run(operations.updateAndSend(args)), now());
    },
  };
}

/** Record, body and job in one operation: it writes all of them or, if the record exists, nothing. */
function submitOperation(client: RedisClient, { record, body, job }: Submission): Operation {
  // The job is durable with the record, so the watchdog need not look at the record again: no entry in `due`.
  const { due, ...known } = record;
  const insert = insertArguments(client, job || !due ? known : { ...known, due });
  const stored = body ? { bodyKey: client.keyOf(body.key), body: encodeBody(body.bytes) } : { bodyKey: '', body: '' };
  return operations.submit({ ...insert, ...stored, ...(job ? sendArguments(job) : {}) });
}
