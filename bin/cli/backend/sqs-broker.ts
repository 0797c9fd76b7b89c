import { SQSClient } from '@aws-sdk/client-sqs';
import { createSqsBroker } from '../../../functions/adapters/aws/sqs-broker.ts';
import type { Broker } from '../../../functions/core/ports/broker.ts';
import { forEachQueue, queueUrlOutput } from '../../../lib/queues.ts';
import { type Deployment, output } from '../deployment.ts';

/** Queues jobs on the SQS queues that the deployment's outputs name. */
export function openSqsBroker(deployment: Deployment): Broker {
  const withTasks = queueUrlOutput('tasks') in deployment.outputs;
  const urls = forEachQueue(withTasks, (queue) => output(deployment, queueUrlOutput(queue)));
  return createSqsBroker(new SQSClient(deployment.aws), urls);
}
