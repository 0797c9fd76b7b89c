import type { Document, Table } from '../../core/ports/table.ts';
import type { RedisClient, RedisValue } from './client.ts';
import { memberBounds, parseMember } from './index-member.ts';
import * as operations from './operations.ts';
import { deleteArguments, insertArguments, parseDocument, parseOutcome, updateArguments } from './stored-document.ts';

/** One insert in so many removes up to 500 entries of expired documents from the old end of its partition in the index. */
const SWEEP_EVERY = 200;

/** The table port on Redis. How documents and indexes are stored is described in lua/cache.ts and lua/indexes.ts. */
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
        ...(sweeps ? [operations.sweep({ index: 'l', ...memberBounds(entry.partition) })] : []),
      ]);
      return outcome(answer);
    },

    update: async (key, change, anyOf) =>
      outcome(await run(operations.update(updateArguments(client, key, change, anyOf)))),

    delete: async (key, anyOf) => (await run(operations.deleteDocument(deleteArguments(client, key, anyOf)))) === 1,

    async query({ index, partition, limit, order, after, before }) {
      const descending = order === 'descending';
      const [low, high] = descending ? [before, after] : [after, before];
      const { from, to } = memberBounds(partition, low, high);
      const bounds = descending ? { from: to, to: from } : { from, to };
      const query = operations.query({ index: index === 'list' ? 'l' : 'd', descending, ...bounds, limit });
      const members = await run(query);
      return Array.isArray(members) ? members.map((member) => parseMember(String(member))) : [];
    },

    parts: async () => [0],
  };
}
