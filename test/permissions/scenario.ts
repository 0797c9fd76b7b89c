import { randomBytes, randomUUID } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createRedisBroker } from '../../functions/adapters/redis/broker.ts';
import { dueEntry, type EmailRecord, listEntry, recordKey } from '../../functions/core/email/record.ts';
import { emailSend } from '../../functions/core/email/send/send.ts';
import { SENDING_KEY } from '../../functions/core/pacing/sending-state.ts';
import type { Job } from '../../functions/core/ports/broker.ts';
import { suppress } from '../../functions/core/suppression/suppression.ts';
import { webhookKey } from '../../functions/core/webhook/endpoint.ts';
import type { LocalSendoff } from '../../lib/local/start.ts';
import { queuesOf, queueUrlOutput } from '../../lib/queues.ts';
import { startReceiver } from '../flows/receiver.ts';
import { anEmail, redisClientOf, requestTo } from '../flows/running.ts';
import { acceptWithoutHttp, failWithoutHttp } from './caller.ts';
import { massMail } from './mass-mail.ts';
import { handleDeadLetters, readState } from './operate.ts';
import { runOwnTasks } from './own-tasks.ts';
import { failOwnTasks, scheduleOwnTasks } from './own-tasks-aws.ts';
import { invokeTasksConsumers } from './own-tasks-redis.ts';
import { emptyBucket, type Visit } from './visit.ts';

const MINUTE_MS = 60_000;
/** More than a table's item holds, even when it is compressed. */
const LARGE_BYTES = 600_000;

/** One thing the service does. */
export interface Step {
  readonly name: string;
  /** The only backend that has it; absent: both have it. */
  readonly backend?: 'aws' | 'redis';
  /** True if only a deployment with the option `tasks` has it. */
  readonly withTasks?: true;
  run(visit: Visit): Promise<void>;
}

/**
 * Steps in which the functions make every call on AWS at least once, so that every grant of their roles is used. Add new
 * calls, queues and functions here; `unusedGrants` of the local cloud shows what is missing.
 */
export const steps: readonly Step[] = [
  { name: 'an endpoint gets events of emails, and no email is sent to an address that bounced', run: tellEndpoint },
  { name: 'an address that unsubscribed from one sender bounces', run: bounceUnsubscribed },
  { name: 'API keys are made, listed, renamed, deleted', run: manageKeys },
  { name: 'the domains that SES knows are listed and read', run: readDomains },
  { name: 'emails are accepted and sent, on both queues, small and large', run: acceptAndSend },
  { name: 'an email with a template is sent', run: sendTemplate },
  { name: 'an email about a topic is sent to those who subscribe', run: sendAboutTopic },
  { name: 'emails are read and listed', run: read },
  { name: 'an operator reads the state of queues and sending, and numbers over time', run: readState },
  { name: 'dead letters are listed, put back on the queue that they came from, and deleted', run: handleDeadLetters },
  { name: 'a large body that is gone is reported as missing, not as forbidden', backend: 'aws', run: missBody },
  {
    name: 'a job whose email is not stored yet is retried, on each queue of emails',
    backend: 'aws',
    run: retryEarlyJobs,
  },
  { name: "the user's tasks run", withTasks: true, run: runOwnTasks },
  {
    name: 'the schedule queues runs that are due, and keeps the clocks',
    backend: 'aws',
    withTasks: true,
    run: scheduleOwnTasks,
  },
  {
    name: 'a run is canceled at work, and calls of another one fail',
    backend: 'aws',
    withTasks: true,
    run: failOwnTasks,
  },
  {
    name: 'a function of the user calls tasks and accepts emails without HTTP',
    withTasks: true,
    run: acceptWithoutHttp,
  },
  {
    name: 'calls without HTTP fail',
    backend: 'aws',
    withTasks: true,
    run: failWithoutHttp,
  },
  {
    name: 'consumers of runs are invoked by their watchdog and by each other',
    backend: 'redis',
    withTasks: true,
    run: invokeTasksConsumers,
  },
  // These leave jobs that wait a minute or an hour: no later step may wait until no job is left.
  { name: 'the schedule queues an email that is due and one whose job was lost', backend: 'aws', run: runSchedule },
  { name: 'contacts are imported, and broadcasts sent, counted and deleted', backend: 'aws', run: massMail },
  { name: 'SES pauses the account', backend: 'aws', run: pause },
  {
    name: 'the watchdog invokes a consumer when an invocation was lost; a consumer invokes another one under load',
    backend: 'redis',
    run: invokeConsumers,
  },
];

/** Runs the steps, all or those with the given names; rejects at the first that fails. `onStep` is told each before it runs. */
export async function walkThrough(
  local: LocalSendoff,
  onStep: (name: string) => void = () => {},
  only?: readonly string[],
): Promise<void> {
  const request = requestTo(local);
  const { awsEndpoint: endpoint, region, credentials } = local.cloud;
  const aws = { endpoint, region, credentials };
  const visit: Visit = {
    local,
    ask: async (method, path, body) => {
      const { status, json } = await request(method, path, body);
      if (status >= 300) throw new Error(`${method} ${path} was answered ${status} ${json.name}`);
      return json;
    },
    sqs: new SQSClient(aws),
    s3: new S3Client({ ...aws, forcePathStyle: true }),
    largeId: '',
  };
  for (const { name, backend, withTasks, run } of steps) {
    if (only && !only.includes(name)) continue;
    if (backend && backend !== (local.redis ? 'redis' : 'aws')) continue;
    if (withTasks && !local.cloud.outputs.TasksFunctionName) continue;
    onStep(name);
    await run(visit);
  }
}

async function bounceUnsubscribed({ ask, local }: Visit): Promise<void> {
  const email = 'unsubscribed@example.net';
  const unsubscribed = { email, origin: 'unsubscribe', sender: 'news@example.com', atMs: Date.now() } as const;
  await suppress(local.table, async () => {}, [unsubscribed]);
  await ask('POST', '/emails', anEmail({ to: email }));
  await local.cloud.idle();
  const sent = local.cloud.ses.messages().find(({ envelope }) => envelope.to.includes(email));
  await local.cloud.ses.simulate(sent?.messageId ?? '', 'bounced');
  await local.cloud.idle();
}

async function manageKeys({ ask }: Visit): Promise<void> {
  const { id } = await ask('POST', '/api-keys', { name: 'Another' });
  await ask('GET', '/api-keys');
  await ask('PATCH', `/api-keys/${id}`, { name: 'Renamed' });
  await ask('DELETE', `/api-keys/${id}`);
}

async function readDomains({ ask, local }: Visit): Promise<void> {
  local.cloud.ses.set({ verifiedIdentities: ['example.com'] });
  const [domain] = (await ask('GET', '/domains')).data;
  await ask('GET', `/domains/${domain?.id}`);
  local.cloud.ses.set({ verifiedIdentities: undefined });
}

async function acceptAndSend(visit: Visit): Promise<void> {
  const { ask, local } = visit;
  const before = local.cloud.ses.sentCount;
  const [large] = await Promise.all([
    ask('POST', '/emails', aLargeEmail()),
    ask('POST', '/emails', anEmail()),
    ask('POST', '/emails/batch', [anEmail(), anEmail(), anEmail()]),
  ]);
  visit.largeId = large.id;
  await local.cloud.idle();
  const sent = local.cloud.ses.sentCount - before;
  if (sent !== 5) throw new Error(`${sent} of 5 emails were sent`);
}

async function sendTemplate({ ask, local }: Visit): Promise<void> {
  const before = local.cloud.ses.sentCount;
  const { id } = await ask('POST', '/templates', { name: 'Hello', html: '<p>Hello</p>' });
  await ask('POST', `/templates/${id}/publish`);
  const { html: _, text: __, ...email } = anEmail() as Record<string, unknown>;
  await ask('POST', '/emails', { ...email, template: { id } });
  await local.cloud.idle();
  if (local.cloud.ses.sentCount !== before + 1) throw new Error('the email with a template was not sent');
}

async function sendAboutTopic({ ask, local }: Visit): Promise<void> {
  const before = local.cloud.ses.sentCount;
  const { id: topic_id } = await ask('POST', '/topics', { name: 'Offers', default_subscription: 'opt_in' });
  await ask('POST', '/emails', anEmail({ topic_id }));
  await local.cloud.idle();
  if (local.cloud.ses.sentCount !== before + 1) throw new Error('the email about a topic was not sent');
}

async function read({ ask, largeId }: Visit): Promise<void> {
  await ask('GET', '/emails');
  await ask('GET', `/emails/${largeId}`);
}

/** Emails are scheduled, sent with an unsubscribe link, bounced and suppressed; a delivery that fails is retried. */
async function tellEndpoint(visit: Visit): Promise<void> {
  const { ask, local } = visit;
  const receiver = await startReceiver();
  const types = [
    'email.scheduled',
    'email.sent',
    'email.bounced',
    'email.delivery_delayed',
    'email.suppressed',
    'suppression.added',
  ];
  try {
    const { id } = await ask('POST', '/webhooks', { endpoint: receiver.url, events: types });
    const slow = { endpoint: receiver.url.replace(/hook$/, 'slow'), events: types };
    const { id: slowId } = await ask('POST', '/webhooks', slow);
    // It counts as slow for the whole test, however fast it answers.
    await local.table.update(webhookKey(slowId), { set: { slowSinceMs: Date.now() + 60 * MINUTE_MS } });
    receiver.answer = { status: 500 };
    const large = await ask('POST', '/emails', aLargeEmail());
    const heard = (wanted: string) =>
      receiver.waitFor(({ path, event }) => path === wanted && event.data.email_id === large.id);
    await Promise.all(['/hook', '/slow'].map(heard));
    receiver.answer = { status: 200 };
    await local.cloud.idle();
    // When the next event of that email is delivered, its body is gone.
    if (!local.redis) await emptyBucket(visit);
    const [{ messageId } = { messageId: '' }] = local.cloud.ses.messages();
    await local.cloud.ses.simulate(messageId, 'delayed');
    await ask('POST', '/emails', anEmail({ scheduled_at: 'in 10 days' }));
    await ask('POST', '/emails', anEmail({ headers: { 'X-Sendoff-Unsubscribe': 'true' } }));
    const bouncing = anEmail({ to: 'gone@example.net' });
    await ask('POST', '/emails', bouncing);
    await local.cloud.idle();
    const { messageId: bounced = '' } = local.cloud.ses.messages().find(isTo('gone@example.net')) ?? {};
    await local.cloud.ses.simulate(bounced, 'bounced');
    await local.cloud.idle();
    await ask('POST', '/emails', bouncing);
    await local.cloud.idle();
    await Promise.all(types.map((type) => receiver.waitFor(({ event }) => event.type === type)));
    for (const one of [id, slowId]) await ask('DELETE', `/webhooks/${one}`);
  } finally {
    await receiver.close();
  }
  await sendOutsideSendoff(local);
}

const isTo =
  (address: string) =>
  ({ envelope }: { envelope: { to: readonly string[] } }) =>
    envelope.to.includes(address);

/** Another sender uses Sendoff's configuration set: Sendoff gets the events, counts and drops them. */
async function sendOutsideSendoff({ cloud }: LocalSendoff): Promise<void> {
  const { awsEndpoint: endpoint, region, credentials, outputs } = cloud;
  const Data = Buffer.from(
    'From: a@example.com\r\nTo: success@simulator.amazonses.com\r\nSubject: From another sender\r\n\r\nHello\r\n',
  );
  const ConfigurationSetName = outputs.ConfigurationSetName;
  await new SESClient({ endpoint, region, credentials }).send(
    new SendRawEmailCommand({ RawMessage: { Data }, ConfigurationSetName }),
  );
  await cloud.idle();
}

const aLargeEmail = () =>
  anEmail({
    headers: { 'X-Size': 'large' },
    attachments: [{ filename: 'large.bin', content: randomBytes(LARGE_BYTES).toString('base64') }],
  });

/** The body is deleted before its record; then the API and a repeated job read the email. */
async function missBody(visit: Visit): Promise<void> {
  const { ask, largeId, local, sqs } = visit;
  const QueueUrl = local.cloud.outputs.TransactionalQueueUrl;
  const deleted = await emptyBucket(visit);
  const record = await local.table.get<EmailRecord>(recordKey(largeId));
  if (deleted === 0 || !record) throw new Error('the large email is not where it should be');
  await ask('GET', `/emails/${largeId}`);
  const { job } = emailSend.call({ id: largeId, fingerprint: record.fingerprint });
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(job) }));
  await local.cloud.idle();
}

/** Queues jobs without emails, as a request does that ends after it has queued the job. */
async function retryEarlyJobs({ local, sqs }: Visit): Promise<void> {
  await Promise.all(
    queuesOf('send').map(async (queue) => {
      const QueueUrl = local.cloud.outputs[queueUrlOutput(queue)] ?? '';
      const name = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
      const retried = local.cloud.faults.add({
        service: 'sqs',
        action: 'SendMessageBatch',
        functionName: 'SendFunction',
        match: (body) => body.includes(name),
        when: 'after',
        effect: { kind: 'hold', until: Promise.resolve() },
      });
      const job: Job = { ...emailSend.call({ id: randomUUID(), fingerprint: 'none' }).job, attempt: 2 };
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(job) }));
      await retried.triggered;
    }),
  );
}

/** Writes an email that is due and two whose jobs were never queued into the table, and runs the schedule. */
async function runSchedule({ local }: Visit): Promise<void> {
  const nowMs = Date.now();
  const old = { createdAtMs: nowMs - 20 * MINUTE_MS, scheduledAtMs: nowMs + MINUTE_MS };
  await put(local, { ...aRecord(old.createdAtMs), status: 'scheduled', scheduledAtMs: old.scheduledAtMs }, nowMs);
  await put(local, { ...aRecord(old.createdAtMs), queue: 'bulk' });
  // Other jobs may be on this queue now: then it cannot tell whether this one is lost.
  await put(local, { ...aRecord(old.createdAtMs), queue: 'transactional' });
  // The schedule asks SES for the quotas when nobody has within the last minute.
  await local.table.update(SENDING_KEY, { set: { readAtMs: 0 } });
  const { payload, error } = await local.cloud.function('ScheduleFunction').invoke({});
  if (error) throw new Error(`the schedule failed: ${error.errorMessage}`);
  const { handedOver, requeued } = payload as { handedOver: number; requeued: number };
  if (handedOver !== 1 || requeued < 1)
    throw new Error(`${handedOver} due emails and ${requeued} lost jobs were queued: not 1 and at least 1`);
  await local.table.delete(SENDING_KEY);
  await local.cloud.function('ScheduleFunction').invoke({});
}

/** The worker that meets the pause notes it. The email then waits. */
async function pause({ ask, local: { cloud } }: Visit): Promise<void> {
  const noted = cloud.faults.add({
    service: 'dynamodb',
    action: 'UpdateItem',
    functionName: 'SendFunction',
    match: (body) => body.includes('heldReason'),
    when: 'after',
    effect: { kind: 'hold', until: Promise.resolve() },
  });
  cloud.ses.set({ sendingEnabled: false });
  await ask('POST', '/emails', anEmail());
  await noted.triggered;
}

/** Queues a job without invoking a consumer, which the watchdog finds; then more emails than one consumer can send soon. */
async function invokeConsumers({ ask, local, largeId }: Visit): Promise<void> {
  const { cloud, table } = local;
  const invocationBy = (functionName: string) =>
    cloud.faults.add({
      service: 'lambda',
      action: 'Invoke',
      functionName,
      match: (_body, path) => path.includes('RedisConsumer'),
      when: 'after',
      effect: { kind: 'hold', until: Promise.resolve() },
    });
  const byWatchdog = invocationBy('RedisWatchdog');
  const record = await table.get<EmailRecord>(recordKey(largeId));
  const client = redisClientOf(local);
  const { job } = emailSend.call({ id: largeId, fingerprint: record?.fingerprint ?? '' });
  await createRedisBroker(client).send([{ queue: 'transactional', job }]);
  await cloud.function('RedisWatchdog').invoke({});
  await byWatchdog.triggered;

  const byConsumer = invocationBy('RedisConsumer');
  cloud.ses.set({ latencyMs: 3_000 });
  await ask(
    'POST',
    '/emails/batch',
    Array.from({ length: 100 }, () => anEmail()),
  );
  await byConsumer.triggered;
  cloud.ses.set({ latencyMs: 0 });
  await cloud.idle();
}

function aRecord(createdAtMs: number): EmailRecord {
  return {
    id: randomUUID(),
    status: 'queued',
    from: 'me@example.com',
    to: ['success@simulator.amazonses.com'],
    subject: 'Hello',
    createdAtMs,
    fingerprint: 'none',
    queue: 'transactional',
    attempts: 0,
    timeline: [],
  };
}

async function put({ table }: LocalSendoff, record: EmailRecord, dueAtMs?: number): Promise<void> {
  await table.insert({
    key: recordKey(record.id),
    fields: record,
    list: listEntry(record),
    ...(dueAtMs === undefined ? {} : { due: dueEntry(dueAtMs, record.id) }),
  });
}
