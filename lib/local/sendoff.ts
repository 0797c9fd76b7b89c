import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoTable } from '../../functions/adapters/dynamodb-table.ts';
import { createApiKey, putApiKey } from '../../functions/core/api-key.ts';
import type { Table } from '../../functions/core/ports.ts';
import { type Synthesis, synthesize } from '../synth.ts';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from './cloud.ts';

export interface LocalSendoffOptions extends Omit<LocalCloudOptions, 'template' | 'assetDirectory'> {
  /** Deployment options, as `-c name=value` gives them to the CDK. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** A stack that is synthesized already, instead of `config`. */
  readonly synthesis?: Synthesis;
}

/** Sendoff on the local cloud, with a key to use it. */
export interface LocalSendoff {
  readonly cloud: LocalCloud;
  readonly apiKey: string;
  /** The service's own table, as its functions see it. */
  readonly table: Table;
}

/** Synthesizes the stack, runs it on the local cloud, and makes an API key with full access. */
export async function startLocalSendoff(given: LocalSendoffOptions = {}): Promise<LocalSendoff> {
  const { config = {}, synthesis = synthesize(config), ...options } = given;
  const { template, assemblyDirectory } = synthesis;
  const cloud = await startLocalCloud({
    ...options,
    // A laptop's webhook receivers listen on loopback, without TLS.
    functionEnvironment: { SENDOFF_LOCAL_ENDPOINTS: 'allowed', ...options.functionEnvironment },
    template,
    assetDirectory: assemblyDirectory,
  });
  try {
    const { TableName } = cloud.outputs;
    if (!TableName) throw new Error('The stack has no output TableName');
    const client = new DynamoDBClient({
      endpoint: cloud.awsEndpoint,
      region: 'us-east-1',
      credentials: cloud.credentials,
    });
    const table = createDynamoTable(client, TableName);
    return { cloud, table, apiKey: await localKey(table, options.dataDirectory) };
  } catch (error) {
    await cloud.close();
    throw error;
  }
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
  if (file && dataDirectory) {
    mkdirSync(dataDirectory, { recursive: true });
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
  }
  return token;
}
