import type { Fauxqs } from '../emulators/fauxqs.ts';

/**
 * SQS's ApproximateAgeOfOldestMessage in seconds, as of now: of messages that are visible or in flight, since they were sent. Undefined
 * without such messages. SQS reports it each minute; here it is found out when somebody asks.
 */
export function oldestAgeSeconds(store: Fauxqs['sqsStore'], queueName: string, nowMs: number): number | undefined {
  const queue = [...store.allQueues()].find(({ name }) => name === queueName);
  if (!queue) return undefined;
  const present = [...queue.messages, ...[...queue.inflightMessages.values()].map(({ message }) => message)];
  const sent = present.map(({ sentTimestamp }) => sentTimestamp);
  return sent.length === 0 ? undefined : Math.max(0, Math.round((nowMs - Math.min(...sent)) / 1000));
}
