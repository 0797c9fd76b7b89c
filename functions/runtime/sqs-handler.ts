import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { type QueueDefinition, type QueueName, queuesOf } from '../core/queues.ts';
import { createWorker, type WorkerOptions } from '../core/task/worker.ts';
import { batchResponse } from './batch-response.ts';
import { type Environment, queueUrl, requiredNumber } from './env.ts';

/** Makes the handler of a function that works on queues of SQS. It answers the messages that must come back. */
export function createSqsHandler<Dependencies>(
  worker: QueueDefinition['worker'],
  options: Pick<WorkerOptions<Dependencies>, 'tasks' | 'dependencies' | 'broker' | 'log'>,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const concurrency = requiredNumber('WORKER_CONCURRENCY');
  const work = createWorker({ ...options, concurrency, now: Date.now, random: Math.random });
  const queueOf = queueByArn(queuesOf(worker));
  return async ({ Records }, context) => {
    const deliveries = Records.map(({ messageId, body, eventSourceARN }) => ({
      id: messageId,
      body,
      queue: queueOf(eventSourceARN),
    }));
    const deadlineMs = Date.now() + context.getRemainingTimeInMillis();
    return batchResponse(await work(deliveries, () => deadlineMs));
  };
}

/** The queue that a message came from: a job that is sent on stays on it. Both an ARN and a URL end with the name of a queue. */
export function queueByArn(names: readonly QueueName[], env?: Environment): (arn: string) => QueueName {
  const byName = new Map(names.map((name) => [queueUrl(name, env).split('/').at(-1), name]));
  return (arn) => {
    const name = byName.get(arn.split(':').at(-1));
    if (!name) throw new Error(`No queue of this function has the ARN ${arn}`);
    return name;
  };
}
