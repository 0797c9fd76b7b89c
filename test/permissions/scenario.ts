import { randomBytes, randomUUID } from 'node:crypto';
import { DeleteObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { emailSend } from '../../functions/core/email-send.ts';
import type { Job } from '../../functions/core/ports.ts';
import { dueEntry, type EmailRecord, listEntry, recordKey } from '../../functions/core/record.ts';
import type { LocalSendoff } from '../../lib/local/sendoff.ts';
import { anEmail, requestTo } from '../flows/running.ts';

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
  run(visit: Visit): Promise<void>;
}

/**
 * Everything the functions call on AWS, once each: with it the roles are proven. A new call, a new queue or a new
 * function belongs here too; `unusedGrants` of the local cloud tells what is missing.
 */
export const steps: readonly Step[] = [
  { name: 'API keys are made, listed, renamed, deleted', run: manageKeys },
  { name: 'emails are accepted and sent, on both queues, small and large', run: acceptAndSend },
  { name: 'emails are read and listed', run: read },
  { name: 'a large body that is gone is missed, not forbidden', run: missBody },
  { name: 'a job that is ahead of its email is tried again, on either queue', run: tryAgain },
  { name: 'the schedule hands over what is due and replaces what was lost', run: runSchedule },
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
  for (const { name, run } of steps) {
    onStep(name);
    await run(visit);
  }
}

async function manageKeys({ ask }: Visit): Promise<void> {
  const { id } = await ask('POST', '/api-keys', { name: 'Another' });
  await ask('GET', '/api-keys');
  await ask('PATCH', `/api-keys/${id}`, { name: 'Renamed' });
  await ask('DELETE', `/api-keys/${id}`);
}

async function acceptAndSend(visit: Visit): Promise<void> {
  const { ask, local } = visit;
  const attachments = [{ filename: 'large.bin', content: randomBytes(LARGE_BYTES).toString('base64') }];
  const [large] = await Promise.all([
    ask('POST', '/emails', anEmail({ attachments })),
    ask('POST', '/emails', anEmail()),
    ask('POST', '/emails/batch', [anEmail()]),
  ]);
  visit.largeId = large.id;
  await local.cloud.idle();
  const { length } = local.cloud.ses.messages();
  if (length !== 3) throw new Error(`${length} of 3 emails were sent`);
}

async function read({ ask, largeId }: Visit): Promise<void> {
  await ask('GET', '/emails');
  await ask('GET', `/emails/${largeId}`);
}

/** The body goes before its record, and then the email is read, by the API and by a job delivered once more. */
async function missBody({ ask, largeId, local, s3, sqs }: Visit): Promise<void> {
  const { BodyBucketName: Bucket, TransactionalQueueUrl: QueueUrl } = local.cloud.outputs;
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  const record = await local.table.get<EmailRecord>(recordKey(largeId));
  if (Contents.length === 0 || !record) throw new Error('the large email is not where it should be');
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
