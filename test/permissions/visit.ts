import type { S3Client } from '@aws-sdk/client-s3';
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
