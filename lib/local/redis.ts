import { join } from 'node:path';
import { createRedisBackend } from '../../functions/adapters/redis/backend.ts';
import { createRedisClient, type RedisClient } from '../../functions/adapters/redis/client.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import type { Secrets } from './cloud/aws/secrets.ts';
import { type LocalDatabase, openLocalDatabase } from './cloud/upstash/database.ts';

const SECRET = 'local';

/** What the redis backend needs beside the local cloud. */
export interface LocalRedis {
  readonly database: LocalDatabase;
  /** Deployment options that name the secret with the credentials, unless the given ones do. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly secrets: Secrets;
  /** The credentials of a database of Upstash's: what a program on this machine may ask for opens nothing but this machine. */
  readonly environment: Readonly<Record<string, string>>;
  /** The service's own table, as its functions see it. */
  table(namespace: string): Table;
}

/** Opens the database for a stack with `backend=redis`; with a data directory it keeps what it holds. */
export async function startLocalRedis(
  config: Readonly<Record<string, unknown>>,
  dataDirectory: string | undefined,
): Promise<LocalRedis> {
  const database = await openLocalDatabase(dataDirectory ? { dataDirectory: join(dataDirectory, 'redis') } : {});
  const { url, token } = database;
  const name = config.redisParameter || config.redisSecret || SECRET;
  return {
    database,
    config: config.redisParameter ? {} : { redisSecret: SECRET },
    secrets: database.front ? { [String(name)]: JSON.stringify({ url, token }) } : {},
    environment: database.front ? {} : { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token },
    table: (namespace) => createRedisBackend(silentClient(database, namespace)).table,
  };
}

/** A client that invokes no consumer: to look into a deployment's database, or to queue a job that nobody is told of. */
export function silentClient(database: Pick<LocalDatabase, 'url' | 'token'>, namespace: string): RedisClient {
  return createRedisClient({ credentials: async () => database, namespace, invokeConsumer: async () => {} });
}
