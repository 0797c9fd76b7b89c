import { readdirSync, readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { submitInParallel } from '../../functions/adapters/aws/backend.ts';
import { createDynamoBodies } from '../../functions/adapters/aws/dynamodb/bodies.ts';
import { createDynamoTable } from '../../functions/adapters/aws/dynamodb/table.ts';
import { createS3Bodies } from '../../functions/adapters/aws/s3-bodies.ts';
import { submitEmails } from '../../functions/core/email/accept/submit.ts';
import { parseEmail } from '../../functions/core/email/email.ts';
import type { EmailInput } from '../../functions/core/email/schema.ts';
import { newId } from '../../functions/core/ids.ts';
import type { Job } from '../../functions/core/ports/broker.ts';
import type { LocalSendoff } from '../../lib/local/start.ts';
import { createRecordedMetrics } from './recorded-metrics.ts';

/** A stored email and the job that sends it, which is on no queue. */
export interface Stored {
  readonly id: string;
  readonly job: Job;
}

/** Stores an email as an accept does, without the limit of an HTTP request. */
export async function store({ cloud }: LocalSendoff, input: EmailInput): Promise<Stored> {
  const { awsEndpoint: endpoint, region, credentials, outputs } = cloud;
  const options = { endpoint, region, credentials };
  const client = new DynamoDBClient(options);
  const s3 = async () =>
    createS3Bodies(outputs.BodyBucketName ?? '', new S3Client({ ...options, forcePathStyle: true }));
  const jobs: Job[] = [];
  const parts = {
    table: createDynamoTable(client, outputs.TableName ?? ''),
    bodies: createDynamoBodies(client, outputs.TableName ?? '', s3),
    broker: { send: async (sent: readonly { job: Job }[]) => void jobs.push(...sent.map(({ job }) => job)) },
  };
  const backend = {
    ...parts,
    delayHorizonMs: 0,
    submit: (submissions: Parameters<typeof submitInParallel>[1]) => submitInParallel(parts, submissions),
    updateAndSend: () => Promise.reject(new Error('not used')),
  };
  const email = await parseEmail(input, Date.now());
  const request = { emails: [email], payload: newId(), queue: 'transactional', keyId: 'key' } as const;
  const dependencies = { backend, now: Date.now, newId, retentionMs: 86_400_000, metrics: createRecordedMetrics() };
  const [id = ''] = await submitEmails(request, dependencies);
  const [job] = jobs;
  if (!job) throw new Error('no job was made');
  return { id, job };
}

/** Invokes the send function with a batch of jobs, as SQS does. */
export async function sendBatch({ cloud }: LocalSendoff, batch: readonly Stored[]) {
  const queue = String(cloud.outputs.TransactionalQueueUrl).split('/').at(-1);
  const eventSourceARN = `arn:aws:sqs:${cloud.region}:000000000000:${queue}`;
  const Records = batch.map(({ id, job }) => ({ messageId: id, body: JSON.stringify(job), eventSourceARN }));
  return cloud.function('SendFunction').invoke({ Records });
}

/** The most memory that a process of this function has had, in MB, as Linux counts it; the largest of its processes. */
export function peakMemoryMb(logicalIdPart: string): number {
  const peaks = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => peakOf(pid, logicalIdPart));
  return Math.max(0, ...peaks);
}

function peakOf(pid: string, logicalIdPart: string): number {
  try {
    const [parent] = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.slice(1) ?? [];
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    if (Number(parent) !== process.pid || !command.includes('bootstrap.mjs') || !command.includes(logicalIdPart))
      return 0;
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}
