import { DeleteObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { LocalSendoff } from '../../lib/local/start.ts';

/** The input of a step, and what it leaves for later steps. */
export interface Visit {
  readonly local: LocalSendoff;
  /** Sends a request and returns the JSON of the answer. Throws unless the status is 2xx. */
  ask(method: string, path: string, body?: unknown): Promise<{ id: string; status: string; data: { id: string }[] }>;
  /** Clients of the operator, without a role. */
  readonly sqs: SQSClient;
  readonly s3: S3Client;
  largeId: string;
}

/** Deletes every object of the bucket; answers how many there were. */
export async function emptyBucket({ local, s3 }: Pick<Visit, 'local' | 's3'>): Promise<number> {
  const Bucket = local.cloud.outputs.BodyBucketName;
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  return Contents.length;
}
