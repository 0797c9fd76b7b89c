import type { FauxqsStores } from './fauxqs-internals.ts';

type Queue = NonNullable<ReturnType<FauxqsStores['sqsStore']['getQueueByArn']>>;

/** The ARN of the queue that each dead letter came from, by the id of the message. */
export type DeadLetterSources = Map<string, string>;

/** Notes where a queue's messages come from when they are moved to its dead-letter queue: SQS says it, and fauxqs does not. */
export function noteSource(queue: Queue, sources: DeadLetterSources): void {
  const dequeue = queue.dequeue.bind(queue);
  queue.dequeue = (maxCount, visibilityTimeout, findDeadLetters) => {
    const find: typeof findDeadLetters = (arn) => {
      const deadLetters = findDeadLetters?.(arn);
      if (!deadLetters) return undefined;
      const enqueue: Queue['enqueue'] = (message) => {
        sources.set(message.messageId, queue.arn);
        deadLetters.enqueue(message);
      };
      return Object.create(deadLetters, { enqueue: { value: enqueue } }) as Queue;
    };
    return dequeue(maxCount, visibilityTimeout, findDeadLetters && find);
  };
}

/** Adds to the answer of a receive, if it asks for all attributes, where its messages came from. */
export function addSources(input: Record<string, unknown>, answer: unknown, sources: DeadLetterSources): void {
  const { MessageSystemAttributeNames: names } = input;
  if (sources.size === 0 || !Array.isArray(names) || !names.includes('All')) return;
  const { Messages = [] } = answer as { Messages?: { MessageId: string; Attributes?: Record<string, string> }[] };
  for (const message of Messages) {
    const DeadLetterQueueSourceArn = sources.get(message.MessageId);
    if (DeadLetterQueueSourceArn) message.Attributes = { ...message.Attributes, DeadLetterQueueSourceArn };
  }
}
