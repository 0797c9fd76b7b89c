import type { Backend, Submission } from '../../core/ports/backend.ts';
import { rollback } from '../rollback.ts';
import { createRedisBodies, encodeBody } from './bodies.ts';
import { createRedisBroker, sendArguments } from './broker.ts';
import type { Operation, RedisClient } from './client.ts';
import { createRedisTable, insertArguments, parseOutcome, updateArguments } from './table.ts';

/** Both broker and table on one Redis database. */
export function createRedisBackend(client: RedisClient, now: () => number = Date.now): Backend {
  const table = createRedisTable(client, now);
  return {
    table,
    bodies: createRedisBodies(client),
    broker: createRedisBroker(client),
    // A sorted set delays for as long as need be.
    delayHorizonMs: Number.POSITIVE_INFINITY,
    async submit(submissions) {
      const operations = submissions.map((submission) => submitOperation(client, submission));
      const answers = await client.runAll(operations).catch(async (error: unknown) => {
        await rollback(table, submissions);
        throw error;
      });
      return answers.map((answer) => parseOutcome(answer, now()));
    },
    updateAndSend: async (key, change, anyOf, job) =>
      parseOutcome(
        await client.run(['updatesend', ...updateArguments(client, key, change, anyOf), ...sendArguments(job)]),
        now(),
      ),
  };
}

/** Record, body and job in one operation: all or nothing, and nothing when the record is there already. */
function submitOperation(client: RedisClient, { record, body, job }: Submission): Operation {
  // The job is durable with the record, so the schedule need not look at it again: no entry in `due`.
  const { due, ...known } = record;
  const insert = insertArguments(client, job || !due ? known : { ...known, due });
  const send = job ? sendArguments(job) : ['', '', '', ''];
  return ['submit', ...insert, client.keyOf(body.key), encodeBody(body.bytes), ...send];
}
