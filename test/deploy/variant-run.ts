import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { createApiKey } from '../../functions/core/api-key.ts';
import { EMAIL_PARTITION } from '../../functions/core/record.ts';
import { parseConfig } from '../../lib/config.ts';
import { requester } from '../flows/request.ts';
import { clientOptions } from './aws-clients.ts';
import { type BackingPlace, openBacking } from './backing.ts';
import { run } from './child-process.ts';
import { connectDeployed, type Deployment, subjectOf } from './deployed-target.ts';
import type { Emulator } from './emulator.ts';
import { liveConfig, liveRetentionDays, reachableUrl, shortenTimes } from './live.ts';
import { type LoadResult, startLoad } from './load.ts';
import { emptied, readMail } from './mailbox.ts';
import { step, tell } from './progress.ts';
import { provideRedis } from './redis-backing.ts';
import { firstKey } from './sendoff-cli.ts';
import { CHANGED_RELEASE, RELEASE_HEADER } from './sources.ts';
import { until } from './until.ts';
import type { Variant } from './variants.ts';

export interface Sources {
  readonly rootDirectory: string;
  /** The same with other code in every function. */
  readonly changedDirectory: string;
  readonly scratchDirectory: string;
}

/** Deploys a variant, runs the end-to-end suite on it, updates it under load and removes it. */
export async function runVariant(emulator: Emulator, variant: Variant, sources: Sources): Promise<void> {
  const { redisSecret } = variant.config;
  const redis = redisSecret ? await provideRedis(emulator.endpoint, redisSecret) : undefined;
  try {
    await runWith(emulator, variant, sources, redis);
  } finally {
    await redis?.close();
  }
}

async function runWith(
  emulator: Emulator,
  { config, changed }: Variant,
  sources: Sources,
  redis: Deployment['redis'],
): Promise<void> {
  const { endpoint, cdk } = emulator;
  const outputs = await step('cdk deploy', () => cdk.deploy(sources.rootDirectory, config));
  await step('options are what the resources have', () => checkOptions({ endpoint, outputs }, config, true));
  const { table } = openBacking({ endpoint, outputs, redis });
  // The CLI speaks to DynamoDB alone.
  const apiKey = redis
    ? (await createApiKey(table, { name: 'deploy test', permission: 'full_access' }, Date.now())).token
    : await step('npx sendoff keys create', () => firstKey(emulator.sendoff, config));
  const url = reachableUrl(endpoint, outputs, emulator.isLocalStack);
  const mailbox = await emptied(endpoint, emulator.mailbox);
  const deployment: Deployment = { endpoint, url, apiKey, outputs, redis, mailbox };
  await shortenTimes(endpoint, outputs);
  await step('end-to-end suite over HTTP', () => runSuite(deployment, emulator, sources), String);
  const load = await step('cdk deploy of other code and options, under load', () =>
    updateUnderLoad(deployment, emulator, { config, changed }, sources),
  );
  await step('no accepted email is lost', () => checkNothingLost(deployment, load), String);
  if (!redis) await step('npx sendoff stats, status, dead-letters list', () => checkCli(emulator, config, load));
  await step('cdk destroy', cdk.destroy);
  await step('functions are gone, data stays', () => checkRemoved(deployment));
}

/** A deployment that does not change the queues leaves them the times that `shortenTimes` gave them, on AWS too. */
async function checkOptions(deployment: BackingPlace, config: Variant['config'], areQueuesAsDeployed: boolean) {
  const { sendTimeoutSeconds, maxReceiveCount, retentionDays, maxConcurrency } = parseConfig(config);
  assert.equal(await liveRetentionDays(deployment.endpoint, deployment.outputs), retentionDays);
  // On Redis the stack has no queue to look at.
  if (config.backend === 'redis') return;
  const { visibilityTimeoutSeconds, ...live } = await liveConfig(deployment.endpoint, deployment.outputs);
  assert.deepEqual(live, { sendTimeoutSeconds, maxReceiveCount, maxConcurrency });
  if (areQueuesAsDeployed) assert.equal(visibilityTimeoutSeconds, 6 * sendTimeoutSeconds);
}

async function runSuite(
  deployment: Deployment,
  { env }: Emulator,
  { rootDirectory, scratchDirectory }: Sources,
): Promise<string> {
  const file = join(scratchDirectory, 'deployment.json');
  writeFileSync(file, JSON.stringify(deployment));
  const vitest = join(rootDirectory, 'node_modules', 'vitest', 'vitest.mjs');
  // An emulator that starts a process for each cold start is slower than ours; what waits for a lost job, by 9 s.
  const args = ['run', 'test/flows/sending.test.ts', '--testTimeout=90000', '--reporter=verbose', '--no-color'];
  const output = await run(process.execPath, [vitest, ...args], {
    cwd: rootDirectory,
    env: { ...env, SENDOFF_DEPLOYMENT: file, NO_COLOR: '1', ...(deployment.redis ? { FLOWS_BACKEND: 'redis' } : {}) },
    onLine: (line) => /^\s*[✓×↓]/.test(line) && tell(`        ${line.trim()}`),
  });
  return /^\s*Tests\s+(.*)$/m.exec(output)?.[1] ?? '';
}

async function updateUnderLoad(
  { endpoint, url, apiKey }: Deployment,
  { cdk }: Emulator,
  { config, changed }: Omit<Variant, 'name'>,
  { changedDirectory }: Sources,
): Promise<LoadResult> {
  const load = startLoad(url, apiKey);
  try {
    const outputs = await cdk.deploy(changedDirectory, { ...config, ...changed });
    await checkOptions({ endpoint, outputs }, { ...config, ...changed }, changed.sendTimeoutSeconds !== undefined);
    await shortenTimes(endpoint, outputs);
    await until('the API runs the other code', async () => {
      const { headers } = await fetch(`${url}/health`);
      return headers.get(RELEASE_HEADER) === CHANGED_RELEASE;
    });
  } finally {
    await load.stop();
  }
  return load.stop();
}

async function checkNothingLost(deployment: Deployment, { accepted, refused }: LoadResult): Promise<string> {
  const { endpoint, url, apiKey, mailbox } = deployment;
  const target = connectDeployed(deployment);
  await target.idle();
  const times = new Map<string, number>([...accepted.keys()].map((subject) => [subject, 0]));
  for (const message of await readMail(endpoint, mailbox)) {
    const count = times.get(subjectOf(message));
    if (count !== undefined) times.set(subjectOf(message), count + 1);
  }
  const lost = [...times].filter(([, count]) => count === 0).map(([subject]) => subject);
  const twice = [...times.values()].filter((count) => count > 1).length;
  for (const subject of lost.slice(0, 5)) {
    const { json } = await requester(url, apiKey)('GET', `/emails/${accepted.get(subject)}/events`);
    tell(`        lost: ${accepted.get(subject)} ${JSON.stringify(json)}`);
  }
  assert.equal(lost.length, 0, `${lost.length} of ${accepted.size} accepted emails were never sent`);
  assert.ok(accepted.size >= 50, `only ${accepted.size} emails were sent: no load`);
  assert.equal(await openBacking(deployment).deadLetters(), 0, 'jobs in the dead-letter queue');
  return `${accepted.size} accepted, 0 lost, ${twice} sent twice, ${refused.length} requests refused and repeated`;
}

async function checkCli({ sendoff }: Emulator, config: Variant['config'], { accepted }: LoadResult): Promise<void> {
  const [id = ''] = accepted.values();
  assert.match(await sendoff(config, 'status', id), new RegExp(id));
  await sendoff(config, 'stats');
  assert.match(await sendoff(config, 'dead-letters', 'list'), /\[\s*\]/);
}

async function checkRemoved(deployment: Deployment): Promise<void> {
  const { endpoint, outputs } = deployment;
  const lambda = new LambdaClient(clientOptions(endpoint));
  for (const name of Object.keys(outputs).filter((output) => output.endsWith('FunctionName')))
    await assert.rejects(lambda.send(new GetFunctionCommand({ FunctionName: outputs[name] })), {
      name: 'ResourceNotFoundException',
    });
  const { table } = openBacking(deployment);
  const emails = await table.query({ index: 'list', partition: EMAIL_PARTITION, limit: 1, order: 'ascending' });
  assert.equal(emails.length, 1, 'the table has lost its documents');
}
