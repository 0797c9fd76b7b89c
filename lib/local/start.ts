import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoTable } from '../../functions/adapters/aws/dynamodb/table.ts';
import { createApiKey, putApiKey } from '../../functions/core/access/api-key.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import { type Synthesis, synthesize } from '../synth.ts';
import { type LocalCloud, startLocalCloud } from './cloud/cloud.ts';
import type { LocalCloudOptions } from './cloud/options.ts';
import { makePrivateDirectory } from './cloud/private-directory.ts';
import type { LocalDatabase } from './cloud/upstash/database.ts';
import { startLocalRedis } from './redis.ts';

export interface LocalSendoffOptions extends Omit<LocalCloudOptions, 'template' | 'assetDirectory'> {
  /** Deployment options, as `-c name=value` gives them to the CDK. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** A stack that is synthesized already, with the options of `config`. */
  readonly synthesis?: Synthesis;
}

/** Sendoff on the local cloud, with a key to use it. */
export interface LocalSendoff {
  readonly cloud: LocalCloud;
  readonly apiKey: string;
  /** The service's own table, as its functions see it. */
  readonly table: Table;
  /** The database, with `backend: 'redis'`. */
  readonly redis?: LocalDatabase;
}

/** Synthesizes the stack, runs it on the local cloud, and makes an API key with full access. */
export async function startLocalSendoff(given: LocalSendoffOptions = {}): Promise<LocalSendoff> {
  const { config = {}, synthesis, ...options } = given;
  if (options.dataDirectory) makePrivateDirectory(options.dataDirectory);
  const redis = config.backend === 'redis' ? await startLocalRedis(config, options.dataDirectory) : undefined;
  let started: LocalCloud | undefined;
  let ownAssembly: string | undefined;
  const close = async () => {
    await started?.close();
    await redis?.database.close();
    if (ownAssembly) rmSync(ownAssembly, { recursive: true, force: true });
  };
  try {
    const { template, assemblyDirectory } = synthesis ?? synthesize({ ...redis?.config, ...config });
    if (!synthesis) ownAssembly = assemblyDirectory;
    // A laptop's webhook receivers listen on loopback, without TLS.
    const local = { SENDOFF_LOCAL_ENDPOINTS: 'allowed' };
    const functionEnvironment = { ...local, ...redis?.environment, ...options.functionEnvironment };
    const assetDirectory = assemblyDirectory;
    const secrets = redis?.secrets ?? {};
    started = await startLocalCloud({
      stackName: 'sendoff',
      ...options,
      functionEnvironment,
      secrets,
      template,
      assetDirectory,
    });
    const table = redis ? redis.table(output(started, 'RedisNamespace')) : dynamoTable(started);
    const apiKey = await localKey(table, options.dataDirectory);
    return { cloud: { ...started, close }, table, apiKey, ...(redis ? { redis: redis.database } : {}) };
  } catch (error) {
    await close();
    throw error;
  }
}

function dynamoTable(cloud: LocalCloud): Table {
  const { awsEndpoint: endpoint, credentials } = cloud;
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  return createDynamoTable(client, output(cloud, 'TableName'));
}

function output({ outputs }: LocalCloud, name: string): string {
  const value = outputs[name];
  if (!value) throw new Error(`The stack has no output ${name}`);
  return value;
}

/** With a data directory the key stays the same, so that scripts survive a restart; it opens nothing but this laptop. */
async function localKey(table: Table, dataDirectory: string | undefined): Promise<string> {
  const options = { name: 'local', permission: 'full_access' } as const;
  const file = dataDirectory === undefined ? undefined : join(dataDirectory, 'api-key');
  if (file && existsSync(file)) {
    const token = readFileSync(file, 'utf8').trim();
    await putApiKey(table, token, options, Date.now());
    return token;
  }
  const { token } = await createApiKey(table, options, Date.now());
  if (file) writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return token;
}
