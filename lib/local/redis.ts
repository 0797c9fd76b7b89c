import { join } from 'node:path';
import { createRedisBackend } from '../../functions/adapters/redis/backend.ts';
import { createRedisClient, type RedisClient } from '../../functions/adapters/redis/client.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import { type QueueName, queueNames } from '../../functions/core/queues.ts';
import { withPrefix } from '../../functions/runtime/accept/environment.ts';
import type { Secrets } from './cloud/aws/secrets.ts';
import { type LocalDatabase, openLocalDatabase } from './cloud/upstash/database.ts';
import type { FoundSendoff } from './find-sendoffs.ts';

/** The parts that Sendoffs with `backend: 'redis'` need beside the local cloud. */
export interface LocalRedis {
  readonly database: LocalDatabase;
  readonly secrets: Secrets;
  /** Credentials in the functions' environment, which they prefer to their secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** The service's own table, as its functions see it. */
  table(namespace: string): Table;
}

/** Opens one database for all Sendoffs of a stack, which keep to their namespaces; with a data directory it keeps what it holds. */
export async function startLocalRedis(
  sendoffs: readonly FoundSendoff[],
  dataDirectory: string | undefined,
): Promise<LocalRedis> {
  const database = await openLocalDatabase(dataDirectory ? { dataDirectory: join(dataDirectory, 'redis') } : {});
  const { url, token } = database;
  const credentials = { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token };
  const names = sendoffs.map(({ outputs }) => outputs.RedisSecret ?? outputs.RedisParameter);
  // A secret by its ARN, or one that another resource of the stack makes, is not here to be asked for. Nor is a database
  // of Upstash's: what a program on this machine may ask for opens nothing but this machine.
  const named = database.front && names.every((name) => typeof name === 'string' && !name.startsWith('arn:'));
  return {
    database,
    secrets: named ? Object.fromEntries(names.map((name) => [String(name), JSON.stringify({ url, token })])) : {},
    environment: named ? {} : { ...credentials, ...withPrefix(credentials) },
    table: (namespace) => createRedisBackend(silentClient(database, namespace)).table,
  };
}

/** A client that invokes no consumer: to look into a deployment's database, or to queue a job that nobody is told of. */
export function silentClient(
  database: Pick<LocalDatabase, 'url' | 'token'>,
  namespace: string,
  queues: readonly QueueName[] = queueNames,
): RedisClient {
  return createRedisClient({ credentials: async () => database, namespace, queues, invokeConsumer: async () => {} });
}
