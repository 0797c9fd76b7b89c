import { SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { clientOptions } from '../adapters/aws/clients.ts';
import { createLogger } from '../adapters/logger.ts';
import { queuesOf } from '../core/queues.ts';
import { withoutPrefix } from '../runtime/accept/environment.ts';
import { awsFromEnvironment } from '../runtime/aws.ts';
import { batchResponse } from '../runtime/batch-response.ts';
import { queueUrl, requiredNumber } from '../runtime/env.ts';
import { createRunWorker } from '../runtime/run-worker.ts';
import { queueByArn } from '../runtime/sqs-handler.ts';
import { holdLeases } from './leases.ts';

/**
 * Makes the handler of the function that runs the user's tasks with `backend=aws`. The function's module is made at synth: it imports
 * the user's file and calls this with its exports (lib/tasks/user-tasks.ts).
 */
export function createHandler(
  file: Readonly<Record<string, unknown>>,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  // The variables have a prefix: the user's code may have a TABLE_NAME of its own.
  const env = withoutPrefix(process.env);
  const log = createLogger();
  const backend = awsFromEnvironment(env);
  const client = new SQSClient({ ...clientOptions, md5: false });
  const seconds = requiredNumber('VISIBILITY_SECONDS', env);
  const queueOf = queueByArn(queuesOf('run-tasks'), env);
  const work = createRunWorker(file, { backend, main: backend, log });
  return async ({ Records }, context) => {
    const deadlineMs = Date.now() + context.getRemainingTimeInMillis();
    const messages = Records.map(({ messageId: id, receiptHandle, eventSourceARN }) => {
      const queue = queueOf(eventSourceARN);
      return { id, receiptHandle, queue, queueUrl: queueUrl(queue, env) };
    });
    const leases = holdLeases(messages, { client, seconds, log });
    const runOne = async ({ messageId: id, body, eventSourceARN }: SQSEvent['Records'][number]) => {
      const failed = await work([{ id, body, queue: queueOf(eventSourceARN) }], () => deadlineMs);
      if (failed.length > 0) leases.failed(id);
      else leases.done(id);
      return failed;
    };
    const failed = (await Promise.all(Records.map(runOne))).flat();
    await leases.end();
    return batchResponse(failed);
  };
}
