import { SQSClient } from '@aws-sdk/client-sqs';
import { createSqsInspection } from '../../../functions/adapters/aws/inspection.ts';
import { inspectedQueues } from '../../../functions/core/inspection/inspected-queues.ts';
import type { InspectedQueue, Inspection } from '../../../functions/core/ports/inspection.ts';
import type { Table } from '../../../functions/core/ports/table.ts';
import { queueUrlOutput } from '../../../lib/queues.ts';
import { type Deployment, output } from '../deployment.ts';

/** Inspects the SQS queues that the deployment's outputs name. */
export function openSqsInspection(deployment: Deployment, table: Table): Inspection {
  const { outputs, aws, local } = deployment;
  const urls = inspectedQueues.flatMap((queue) => {
    const url = outputs[outputOf(queue)];
    return url ? [[queue, url] as const] : [];
  });
  const deadLetters = { 'dead letters': output(deployment, outputOf('dead letters')) };
  return createSqsInspection({
    client: new SQSClient(aws),
    queueUrls: { ...Object.fromEntries(urls), ...deadLetters },
    table,
    waitSeconds: local ? 0 : 1,
  });
}

const outputOf = (queue: InspectedQueue): string => queueUrlOutput(queue === 'dead letters' ? 'dead-letter' : queue);
