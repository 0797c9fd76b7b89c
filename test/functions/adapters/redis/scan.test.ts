import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createRedisBackend } from '../../../../functions/adapters/redis/backend.ts';
import { createRedisClient } from '../../../../functions/adapters/redis/client.ts';
import { createUpstashRequester } from '../../../../functions/adapters/redis/requester.ts';
import { createRedisScan } from '../../../../functions/adapters/redis/scan.ts';
import { scanContract } from '../../../contracts/scan.ts';
import { hasRedis, startRedisDatabase } from '../../../helpers/redis-database.ts';

async function underTest() {
  const { front, close } = await startRedisDatabase();
  const requester = createUpstashRequester({ credentials: async () => front });
  const command = async (...body: string[]) => (await requester.request<unknown>({ body })).result;
  const open = (namespace: string) => {
    const client = createRedisClient({ credentials: async () => front, namespace, invokeConsumer: async () => {} });
    const storeDamaged = async (key: string, text: string) => {
      await command('SET', client.keyOf(key), `{"f":{"to":"[\\"${text}`);
    };
    return { ...createRedisBackend(client), scan: createRedisScan(command, client.keyOf('')), storeDamaged, close };
  };
  return { open, close, command };
}

describe.skipIf(!hasRedis)('on redis-server', () => {
  scanContract('Redis', async () => (await underTest()).open(randomUUID()));

  it('sees the documents of its own deployment alone, whatever its name', async () => {
    const { open, close } = await underTest();
    try {
      const [own, other] = [open('a*[b]?'), open('aXb?')];
      await own.table.insert({ key: 'email#one', fields: {} });
      await other.table.insert({ key: 'email#two', fields: {} });
      const keys: string[] = [];
      for await (const page of own.scan.pages('emails')) keys.push(...page.map(({ key }) => key));
      expect(keys).toEqual(['email#one']);
    } finally {
      await close();
    }
  });

  it.each(['null', '"text"', '{}', '{"f":"text"}', '{"f":{"a":"{"}}', '', '[]'])(
    'treats %j as text, not as a document',
    async (text) => {
      const { open, close, command } = await underTest();
      try {
        const { scan } = open('a');
        await command('SET', '{sendoff:a}:doc:email#one', text);
        for await (const page of scan.pages('emails'))
          expect(page).toEqual([{ key: 'email#one', expired: false, text }]);
      } finally {
        await close();
      }
    },
  );
});
