import assert from 'node:assert/strict';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { EMAIL_PARTITION } from '../../functions/core/email/record.ts';
import { parseConfig } from '../../lib/config.ts';
import { anEmail } from '../flows/an-email.ts';
import { requester } from '../flows/request.ts';
import { clientOptions } from './aws-clients.ts';
import { openBacking } from './backing.ts';
import type { BackingPlace } from './backing-interface.ts';
import { checkBroadcast } from './broadcast.ts';
import { connectDeployed, type Deployment, subjectOf } from './deployed-target.ts';
import type { Emulator } from './emulator.ts';
import { checkFeedback } from './feedback.ts';
import { liveConfig, liveRetentionDays, reachableUrl, shortenTimes } from './live.ts';
import { type LoadResult, startLoad } from './load.ts';
import { emptied, readMail } from './mailbox.ts';
import { checkTasks } from './own-tasks.ts';
import { part, print, step } from './progress.ts';
import { provideRedis, type RedisForDeployment } from './redis-backing.ts';
import { firstKey } from './sendoff-cli.ts';
import { CHANGED_RELEASE, RELEASE_HEADER } from './sources.ts';
import { runSuite } from './suite.ts';
import { until } from './until.ts';
import type { Variant } from './variants.ts';

export interface Sources {
  readonly rootDirectory: string;
  /** The same sources with other code in every function. */
  readonly changedDirectory: string;
  readonly scratchDirectory: string;
}

/** A variant that is deployed. */
interface Deployed extends Variant {
  readonly deployment: Deployment;
  readonly redis: RedisForDeployment | undefined;
}

/**
 * Runs variants, each from its first deployment to its deletion. One is deleted only after the next, another stage, is
 * deployed, tested and updated. Before the deletion both must work, after it the one that is left.
 */
export async function runVariants(emulator: Emulator, variants: readonly Variant[], sources: Sources): Promise<void> {
  let current: Deployed | undefined;
  for (const variant of variants) {
    const before = current;
    await part(`Variant ${variant.name}${before ? `, beside ${before.name}` : ''}`, async () => {
      const deployed = await deployVariant(emulator, variant, sources);
      current = deployed;
      await exercise(emulator, deployed, sources);
      if (!before) return;
      await step(`${before.name} works beside it`, () => checkSends(before));
      await remove(emulator, before);
      await step(`${variant.name} works without it`, () => checkSends(deployed));
    });
  }
  const last = current;
  if (last) await part(`Removal of ${last.name}`, () => remove(emulator, last));
}

async function deployVariant(emulator: Emulator, variant: Variant, { rootDirectory }: Sources): Promise<Deployed> {
  const { endpoint, cdk, env } = emulator;
  const { config } = variant;
  const redis = config.redisSecret ? await provideRedis(endpoint, env, config.redisSecret) : undefined;
  const outputs = await step('cdk deploy', () => cdk.deploy(rootDirectory, config));
  await step('the resources have the options', () => checkOptions({ endpoint, outputs }, config, true));
  const apiKey = await step('npx sendoff keys create', () => firstKey(emulator.sendoff, config));
  const url = reachableUrl(endpoint, outputs, emulator.isLocalStack);
  const mailbox = await emptied(endpoint, emulator.mailbox);
  return { ...variant, deployment: { endpoint, url, apiKey, outputs, redis, mailbox }, redis };
}

/** Runs the end-to-end suite, and an update with other code and options under load. */
async function exercise(emulator: Emulator, current: Deployed, sources: Sources): Promise<void> {
  const { config, suite, deployment } = current;
  await shortenTimes(deployment.endpoint, deployment.outputs);
  await step('end-to-end suite over HTTP', () => runSuite(deployment, emulator, sources, suite), String);
  const load = await step('cdk deploy of other code and options, under load', () =>
    updateUnderLoad(emulator, current, sources),
  );
  await step('no accepted email is lost', () => checkNothingLost(deployment, load), String);
  await step('npx sendoff stats, status, dead-letters list', () => checkCli(emulator, config, load));
  await step('events of SES arrive', () => checkFeedback(deployment, config), String);
}

async function remove({ cdk }: Emulator, { name, config, deployment, redis }: Deployed): Promise<void> {
  // The last step: its delayed job would keep each step waiting that waits until no job is left.
  if (config.tasks) await step("the user's tasks run", () => checkTasks(deployment), String);
  await step('a broadcast to a list', () => checkBroadcast(deployment), String);
  await step(`cdk destroy of ${name}`, () => cdk.destroy(config));
  await step('its functions are deleted, its data stays', () => checkRemoved(deployment));
  await redis?.close();
}

async function checkSends({ deployment }: Deployed): Promise<void> {
  const target = connectDeployed(deployment);
  const { status, json } = await requester(target.url, target.apiKey)('POST', '/emails', anEmail());
  assert.equal(status, 200, JSON.stringify(json));
  await target.idle();
  assert.equal((await target.caught(json.id)).length, 1, 'the email was not sent once');
}

/** `areQueuesAsDeployed` is false when a deployment did not change the queues: they still have the times of `shortenTimes`. */
async function checkOptions(deployment: BackingPlace, config: Variant['config'], areQueuesAsDeployed: boolean) {
  const { sendTimeoutSeconds, maxReceiveCount, retentionDays, maxConcurrency } = parseConfig(config);
  assert.equal(await liveRetentionDays(deployment.endpoint, deployment.outputs), retentionDays);
  // With Redis the stack has no such queue.
  if (config.backend === 'redis') return;
  const { visibilityTimeoutSeconds, ...live } = await liveConfig(deployment.endpoint, deployment.outputs);
  assert.deepEqual(live, { sendTimeoutSeconds, maxReceiveCount, maxConcurrency });
  if (areQueuesAsDeployed) assert.equal(visibilityTimeoutSeconds, 6 * sendTimeoutSeconds);
}

async function updateUnderLoad(
  { cdk }: Emulator,
  { deployment: { endpoint, url, apiKey }, config, changed }: Deployed,
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
    print(`        lost: ${accepted.get(subject)} ${JSON.stringify(json)}`);
  }
  assert.equal(lost.length, 0, `${lost.length} of ${accepted.size} accepted emails were never sent`);
  assert.ok(accepted.size >= 50, `only ${accepted.size} emails were sent: no load`);
  assert.equal(await openBacking(deployment).deadLetters(), 0, 'jobs in the dead-letter queue');
  for (const reason of new Set(refused)) print(`        refused: ${reason}`);
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
