import { join } from 'node:path';
import { createRedisBackend } from '../../functions/adapters/redis-backend.ts';
import { createRedisClient } from '../../functions/adapters/redis-client.ts';
import type { Table } from '../../functions/core/ports.ts';
import { type LocalDatabase, openLocalDatabase } from './upstash/database.ts';

/** What the redis backend needs beside the local cloud. */
export interface LocalRedis {
  readonly database: LocalDatabase;
  /** Deployment options that make the stack one of this backend. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The credentials, which a deployed function reads from the secret that `config` names. */
  readonly environment: Readonly<Record<string, string>>;
  /** The service's own table, as its functions see it. */
  table(namespace: string): Table;
}

/** Opens the database for a stack with `backend=redis`; with a data directory it keeps what it holds. */
export async function startLocalRedis(dataDirectory: string | undefined): Promise<LocalRedis> {
  const database = await openLocalDatabase(dataDirectory ? { dataDirectory: join(dataDirectory, 'redis') } : {});
  const { url, token } = database;
  return {
    database,
    config: { redisSecret: 'local' },
    environment: { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token },
    table: (namespace) =>
      createRedisBackend(createRedisClient({ credentials: async () => database, namespace, ring: async () => {} }))
        .table,
  };
}
