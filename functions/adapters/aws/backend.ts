import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Backend, Submission } from '../../core/ports/backend.ts';
import type { WriteOutcome } from '../../core/ports/table.ts';
import type { QueueName } from '../../core/queues.ts';
import { rollback } from '../rollback.ts';
import { clientOptions } from './clients.ts';
import { createDynamoBodies } from './dynamodb/bodies.ts';
import { emailShards } from './dynamodb/shards.ts';
import { createDynamoTable } from './dynamodb/table.ts';
import { createSqsBroker } from './sqs-broker.ts';
import { traced } from './traced-client.ts';

export interface AwsBackendOptions {
  readonly tableName: string;
  readonly bodyBucket: string;
  /** The queues of the deployment. */
  readonly queueUrls: Readonly<Partial<Record<QueueName, string>>>;
  /** The shards of the emails in each index, 4 to 64; 4 if absent. */
  readonly indexShards?: number | undefined;
}

/** SQS delays up to 900 s. A minute of it is left for the duration of the request. */
const DELAY_HORIZON_MS = 14 * 60_000;

/** The default backend: SQS and DynamoDB, S3 for large bodies. */
export function createAwsBackend({ tableName, bodyBucket, queueUrls, indexShards }: AwsBackendOptions): Backend {
  const dynamo = traced(new DynamoDBClient(clientOptions));
  // TLS already protects against what the MD5 of SQS detects.
  const sqs = traced(new SQSClient({ ...clientOptions, md5: false }));
  const parts = {
    table: createDynamoTable(dynamo, tableName, Date.now, emailShards(indexShards)),
    bodies: createDynamoBodies(dynamo, tableName, async () =>
      (await import('./s3-bodies.ts')).createS3Bodies(bodyBucket),
    ),
    broker: createSqsBroker(sqs, queueUrls),
  };
  return {
    ...parts,
    delayHorizonMs: DELAY_HORIZON_MS,
    submit: (submissions) => submitInParallel(parts, submissions),
    updateAndSend: updateThenSend(parts),
  };
}

/** The change comes first: a job without it would do nothing, or send too soon. */
export function updateThenSend({ table, broker }: Pick<Backend, 'table' | 'broker'>): Backend['updateAndSend'] {
  return async (key, change, anyOf, job) => {
    const outcome = await table.update<never>(key, change, anyOf);
    if (outcome.applied) await broker.send([job]);
    return outcome;
  };
}

/** Stores records, bodies and jobs at the same time; if anything fails, it rolls back what no other request can know. */
export async function submitInParallel(
  { table, bodies, broker }: Pick<Backend, 'table' | 'bodies' | 'broker'>,
  submissions: readonly Submission[],
): Promise<WriteOutcome[]> {
  const jobs = submissions.flatMap(({ job }) => job ?? []);
  const inserts = submissions.map(({ record }) => table.insert(record));
  const puts = submissions.map(({ record, body }) => body && bodies.put(body.key, body.bytes, record.expiresAtMs ?? 0));
  const results = await Promise.allSettled([broker.send(jobs), ...puts, ...inserts]);
  const failure = results.find((result) => result.status === 'rejected');
  if (!failure) return Promise.all(inserts);
  await rollback(table, submissions);
  throw failure.reason;
}
