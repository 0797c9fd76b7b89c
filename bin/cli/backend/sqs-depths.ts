import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Deployment } from '../deployment.ts';
import type { Depth } from './open.ts';

/** What people call the queues, in the order they are shown; one that is not here comes before the last. */
const order = ['transactional', 'bulk', 'webhook', 'webhook-slow', 'feedback', 'dead letters'];

/** How many jobs each SQS queue holds that the deployment has. */
export async function sqsDepths({ aws, outputs }: Deployment): Promise<Depth[]> {
  const client = new SQSClient(aws);
  const urls = Object.entries(outputs).filter(([name]) => name.endsWith('QueueUrl'));
  return inOrder(await Promise.all(urls.map(([name, url]) => depth(client, queueNameOf(name), url))));
}

/** The depths of several kinds of queues as one list; of those with one name the sum. */
export function inOrder(depths: readonly Depth[]): Depth[] {
  const byName = Map.groupBy(depths, ({ queue }) => queue);
  const rank = ({ queue }: Depth) => (order.includes(queue) ? order.indexOf(queue) : order.length - 1.5);
  return [...byName].map(([queue, some]) => sum(queue, some)).sort((a, b) => rank(a) - rank(b));
}

function sum(queue: string, depths: readonly Depth[]): Depth {
  const total = (of: 'waiting' | 'running' | 'delayed') => depths.reduce((all, one) => all + one[of], 0);
  return { queue, waiting: total('waiting'), running: total('running'), delayed: total('delayed') };
}

/** `TransactionalQueueUrl` → `transactional`, `WebhookSlowQueueUrl` → `webhook-slow`, `DeadLetterQueueUrl` → `dead letters`. */
export function queueNameOf(outputName: string): string {
  const name = outputName.replace(/QueueUrl$/, '');
  return name === 'DeadLetter' ? 'dead letters' : name.replace(/(?<=.)[A-Z]/g, '-$&').toLowerCase();
}

async function depth(client: SQSClient, queue: string, QueueUrl: string): Promise<Depth> {
  const { Attributes = {} } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
  return {
    queue,
    waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    running: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
    delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed ?? 0),
  };
}
