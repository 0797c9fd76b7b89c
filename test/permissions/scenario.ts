import { randomBytes, randomUUID } from 'node:crypto';
import { DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { createRedisBroker } from '../../functions/adapters/redis/broker.ts';
import { dueEntry, type EmailRecord, listEntry, recordKey } from '../../functions/core/email/record.ts';
import { emailSend } from '../../functions/core/email/send.ts';
import type { Job } from '../../functions/core/ports/broker.ts';
import { suppress } from '../../functions/core/suppression/suppression.ts';
import { webhookKey } from '../../functions/core/webhook/endpoint.ts';
import type { LocalSendoff } from '../../lib/local/start.ts';
import { startReceiver } from '../flows/receiver.ts';
import { anEmail, redisClientOf, requestTo } from '../flows/running.ts';

const MINUTE_MS = 60_000;
/** Two thirds of it random: more than a table's item holds, whatever compresses it. */
const LARGE_BYTES = 600_000;

/** What a step needs, and what it leaves to those after it. */
interface Visit {
  readonly local: LocalSendoff;
  /** Throws for anything but 2xx; answers the JSON. */
  ask(method: string, path: string, body?: unknown): Promise<{ id: string; data: { id: string }[] }>;
  /** As the operator: no role is asked. */
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  largeId: string;
}

/** One thing the service does. */
export interface Step {
  readonly name: string;
  /** The backend that alone has it; both if absent. */
  readonly backend?: 'aws' | 'redis';
  run(visit: Visit): Promise<void>;
}

/**
 * Everything the functions call on AWS, once each: with it the roles are proven. A new call, a new queue or a new
 * function belongs here too; `unusedGrants` of the local cloud tells what is missing.
 */
export const steps: readonly Step[] = [
  { name: 'an endpoint is told what becomes of emails, and who bounced is not sent to again', run: tellEndpoint },
  { name: 'an address that unsubscribed from one sender bounces', run: bounceUnsubscribed },
  { name: 'API keys are made, listed, renamed, deleted', run: manageKeys },
  { name: 'the domains that SES knows are listed and read', run: readDomains },
  { name: 'emails are accepted and sent, on both queues, small and large', run: acceptAndSend },
  { name: 'emails are read and listed', run: read },
  { name: 'a large body that is gone is missed, not forbidden', backend: 'aws', run: missBody },
  { name: 'a job that is ahead of its email is tried again, on either queue', backend: 'aws', run: tryAgain },
  { name: 'the schedule hands over what is due and replaces what was lost', backend: 'aws', run: runSchedule },
  { name: 'the clock rings where a ring was lost, and a drainer for another', backend: 'redis', run: runClock },
];

/** Walks through all steps; rejects, naming the step, at the first that fails. */
export async function walkThrough(local: LocalSendoff, onStep: (name: string) => void = () => {}): Promise<void> {
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
  for (const { name, backend, run } of steps) {
    if (backend && backend !== (local.redis ? 'redis' : 'aws')) continue;
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
    ask('POST', '/emails/batch', [anEmail()]),
  ]);
  visit.largeId = large.id;
  await local.cloud.idle();
  const sent = local.cloud.ses.sentCount - before;
  if (sent !== 3) throw new Error(`${sent} of 3 emails were sent`);
}

async function read({ ask, largeId }: Visit): Promise<void> {
  await ask('GET', '/emails');
  await ask('GET', `/emails/${largeId}`);
}

/** What is scheduled, sent with an unsubscribe link, bounced and suppressed; an answer that fails is asked for again. */
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
    // It stays slow whatever it answers: a minute after this time has not come.
    await local.table.update(webhookKey(slowId), { set: { slowSinceMs: Date.now() + 60 * MINUTE_MS } });
    receiver.answer = { status: 500 };
    const large = await ask('POST', '/emails', aLargeEmail());
    const heard = (wanted: string) =>
      receiver.waitFor(({ path, event }) => path === wanted && event.data.email_id === large.id);
    await Promise.all(['/hook', '/slow'].map(heard));
    receiver.answer = { status: 200 };
    await local.cloud.idle();
    // The next event of that email finds its body gone.
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
  await sendPastUs(local);
}

const isTo =
  (address: string) =>
  ({ envelope }: { envelope: { to: readonly string[] } }) =>
    envelope.to.includes(address);

/** Someone else uses our configuration set: its events come to us, are counted and dropped. */
async function sendPastUs({ cloud }: LocalSendoff): Promise<void> {
  const { awsEndpoint: endpoint, region, credentials, outputs } = cloud;
  const Data = Buffer.from(
    'From: a@example.com\r\nTo: success@simulator.amazonses.com\r\nSubject: Past us\r\n\r\nHello\r\n',
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

async function emptyBucket({ local, s3 }: Visit): Promise<number> {
  const Bucket = local.cloud.outputs.BodyBucketName;
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  return Contents.length;
}

/** The body goes before its record, and then the email is read, by the API and by a job delivered once more. */
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

/** What an accept leaves that was cut off between its job and its record. */
async function tryAgain({ local, sqs }: Visit): Promise<void> {
  const { TransactionalQueueUrl, BulkQueueUrl } = local.cloud.outputs;
  await Promise.all(
    [TransactionalQueueUrl, BulkQueueUrl].map(async (QueueUrl = '') => {
      const name = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
      const tried = local.cloud.faults.add({
        service: 'sqs',
        action: 'SendMessageBatch',
        functionName: 'SendFunction',
        match: (body) => body.includes(name),
        when: 'after',
        effect: { kind: 'hold', until: Promise.resolve() },
      });
      const job: Job = { ...emailSend.call({ id: randomUUID(), fingerprint: 'none' }).job, attempt: 2 };
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(job) }));
      await tried.triggered;
    }),
  );
}

/** An email that is due and one whose job was never queued, as they stand in the table. */
async function runSchedule({ local }: Visit): Promise<void> {
  const nowMs = Date.now();
  const old = { createdAtMs: nowMs - 20 * MINUTE_MS, scheduledAtMs: nowMs + MINUTE_MS };
  await put(local, { ...aRecord(old.createdAtMs), status: 'scheduled', scheduledAtMs: old.scheduledAtMs }, nowMs);
  await put(local, { ...aRecord(old.createdAtMs), queue: 'bulk' });
  const { payload, error } = await local.cloud.function('ScheduleFunction').invoke({});
  if (error) throw new Error(`the schedule failed: ${error.errorMessage}`);
  const { handedOver, requeued } = payload as { handedOver: number; requeued: number };
  if (handedOver !== 1 || requeued !== 1)
    throw new Error(`handed over ${handedOver}, replaced ${requeued}: not 1 each`);
}

/** A job whose ring did not arrive, found by the clock; and more emails than one drainer can send soon. */
async function runClock({ ask, local, largeId }: Visit): Promise<void> {
  const { cloud, table } = local;
  const ringBy = (functionName: string) =>
    cloud.faults.add({
      service: 'lambda',
      action: 'Invoke',
      functionName,
      match: (_body, path) => path.includes('RedisConsumer'),
      when: 'after',
      effect: { kind: 'hold', until: Promise.resolve() },
    });
  const byClock = ringBy('RedisWatchdog');
  const record = await table.get<EmailRecord>(recordKey(largeId));
  const client = redisClientOf(local);
  const { job } = emailSend.call({ id: largeId, fingerprint: record?.fingerprint ?? '' });
  await createRedisBroker(client).send([{ queue: 'transactional', job }]);
  await cloud.function('RedisWatchdog').invoke({});
  await byClock.triggered;

  const byDrainer = ringBy('RedisConsumer');
  cloud.ses.set({ latencyMs: 3_000 });
  await ask(
    'POST',
    '/emails/batch',
    Array.from({ length: 100 }, () => anEmail()),
  );
  await byDrainer.triggered;
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
