import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoTable } from '../../functions/adapters/aws/dynamodb/table.ts';
import { createApiKey, putApiKey } from '../../functions/core/access/api-key.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import { type LocalCloud, startLocalCloud } from './cloud/cloud.ts';
import type { LocalCloudOptions } from './cloud/options.ts';
import { makePrivateDirectory } from './cloud/private-directory.ts';
import type { Template } from './cloud/template.ts';
import type { LocalDatabase } from './cloud/upstash/database.ts';
import { type FoundSendoff, findSendoffs } from './find-sendoffs.ts';
import { startLocalRedis } from './redis.ts';

export interface RunOptions extends LocalCloudOptions {
  /** Which Sendoff the port, the API key and the outputs belong to, where the stack has several: `Shop/Mail`, or `Mail`. */
  readonly sendoff?: string | undefined;
}

/** Sendoff on the local cloud, with a key to use it. */
export interface LocalSendoff {
  readonly cloud: LocalCloud;
  readonly apiKey: string;
  /** True if the API serves the web console. */
  readonly servesConsole: boolean;
  /** The service's own table, as its functions see it. */
  readonly table: Table;
  /** The database, with `backend: 'redis'`. */
  readonly redis?: LocalDatabase;
  /** The outputs of the stack that are not those of a Sendoff: what the app says of itself. */
  readonly appOutputs: Readonly<Record<string, string>>;
}

/** The longest time that a batch of the local cloud gathers: a laptop's few emails would only wait for it. */
const LONGEST_BATCHING_WINDOW_SECONDS = 1;

/** Where the console shows the inbox. */
const INBOX_PATH = '/console/inbox';

/** Runs the stack of a template that has a Sendoff on the local cloud, and makes an API key with full access. */
export async function runSendoff({ sendoff: wanted, ...options }: RunOptions): Promise<LocalSendoff> {
  const all = findSendoffs(options.template);
  const sendoff = choose(all, wanted);
  if (options.dataDirectory) makePrivateDirectory(options.dataDirectory);
  const onRedis = all.filter(({ backend }) => backend === 'redis');
  const redis = onRedis.length > 0 ? await startLocalRedis(onRedis, options.dataDirectory) : undefined;
  let started: LocalCloud | undefined;
  const close = async () => {
    await started?.close();
    await redis?.database.close();
  };
  try {
    started = await startLocalCloud({
      // Physical names begin with it: what a data directory holds is found by them.
      stackName: 'sendoff',
      ...options,
      // A laptop's webhook receivers listen on loopback, without TLS.
      functionEnvironment: {
        SENDOFF_LOCAL_ENDPOINTS: 'allowed',
        SENDOFF_INBOX_PATH: `${INBOX_PATH}/`,
        ...redis?.environment,
        ...options.functionEnvironment,
      },
      overrides: { batchingWindowSeconds: LONGEST_BATCHING_WINDOW_SECONDS, ...options.overrides },
      secrets: { ...redis?.secrets, ...options.secrets },
      template: withOutputs(options.template, sendoff),
      inboxPath: sendoff.servesConsole ? INBOX_PATH : undefined,
    });
    // With a domain of its own the stack's output names that.
    const cloud = { ...started, outputs: { ...started.outputs, ApiUrl: started.apiUrl }, close };
    const table =
      sendoff.backend === 'redis' && redis ? redis.table(output(cloud, 'RedisNamespace')) : dynamoTable(cloud);
    const apiKey = await localKey(table, options.dataDirectory);
    const appOutputs = outputsOfApp(options.template, sendoff, cloud);
    const { servesConsole } = sendoff;
    return { cloud, table, apiKey, servesConsole, appOutputs, ...(redis ? { redis: redis.database } : {}) };
  } catch (error) {
    await close();
    throw error;
  }
}

function choose(all: readonly FoundSendoff[], wanted: string | undefined): FoundSendoff {
  const found = wanted ? all.filter(({ name }) => name === wanted || name.endsWith(`/${wanted}`)) : all;
  const [only] = found;
  if (only && found.length === 1) return only;
  const names = all.map(({ name }) => name).join(', ');
  if (all.length === 0) throw new Error('The stack has no Sendoff in it.');
  if (wanted) throw new Error(`${found.length || 'No'} Sendoffs of the stack are named ${wanted}: ${names}`);
  throw new Error(`The stack has ${all.length} Sendoffs: ${names}. All run; say with --sendoff NAME whose API it is.`);
}

/** Its API first, which is the one that listens on the port that was asked for; its outputs in place of none. */
function withOutputs(template: Template, { apiId, outputs }: FoundSendoff): Template {
  const { [apiId]: api, ...others } = template.Resources;
  const own = Object.entries(outputs).map(([name, Value]) => [name, { Value }]);
  return {
    ...template,
    Resources: { ...(api ? { [apiId]: api } : {}), ...others },
    Outputs: { ...template.Outputs, ...Object.fromEntries(own) },
  };
}

function outputsOfApp(
  { Outputs = {} }: Template,
  sendoff: FoundSendoff,
  { outputs }: LocalCloud,
): Record<string, string> {
  const names = Object.keys(Outputs).filter((name) => !(name in sendoff.outputs));
  return Object.fromEntries(names.flatMap((name) => (outputs[name] === undefined ? [] : [[name, outputs[name]]])));
}

function dynamoTable(cloud: LocalCloud): Table {
  const { awsEndpoint: endpoint, region, credentials } = cloud;
  return createDynamoTable(new DynamoDBClient({ endpoint, region, credentials }), output(cloud, 'TableName'));
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
