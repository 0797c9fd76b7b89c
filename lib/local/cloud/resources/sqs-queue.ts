import type { FauxqsQueue } from '../emulators/fauxqs.ts';
import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';

const attributeNames = [
  ...[
    'DelaySeconds',
    'MaximumMessageSize',
    'MessageRetentionPeriod',
    'ReceiveMessageWaitTimeSeconds',
    'VisibilityTimeout',
  ],
  ...[
    'RedrivePolicy',
    'RedriveAllowPolicy',
    'FifoQueue',
    'ContentBasedDeduplication',
    'DeduplicationScope',
    'FifoThroughputLimit',
  ],
];

/** AWS::SQS::Queue on fauxqs. A queue that is already there, from an earlier run, keeps its messages and gets the new attributes. */
export function sqsQueue(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const suffix = properties.FifoQueue === true ? '.fifo' : '';
    const name =
      typeof properties.QueueName === 'string' ? properties.QueueName : physicalName(context, logicalId, 75) + suffix;
    const arn = `arn:aws:sqs:${context.region}:${context.accountId}:${name}`;
    const url = `${context.awsEndpoint}/${context.accountId}/${name}`;
    const attributes = queueAttributes(properties);
    const store = context.fauxqs.sqsStore;
    const existing = store.getQueueByArn(arn);
    if (existing) moveToFront(existing, url);
    existing?.setAttributes(attributes);
    if (!existing) store.createQueue(name, url, arn, attributes);
    return { ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } };
  };
}

/** The front has another port after a restart; fauxqs finds queues by name, but answers the old URL. */
function moveToFront(queue: FauxqsQueue, url: string): void {
  (queue as { url: string }).url = url;
}

function queueAttributes(properties: Record<string, unknown>): Record<string, string> {
  const present = attributeNames.filter((name) => properties[name] !== undefined);
  const entries = present.map((name) => {
    const value = properties[name];
    return [name, typeof value === 'object' ? JSON.stringify(value) : String(value)];
  });
  return Object.fromEntries(entries);
}
