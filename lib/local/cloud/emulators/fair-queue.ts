import { AsyncLocalStorage } from 'node:async_hooks';
import type { FauxqsStores } from './fauxqs-internals.ts';

type Queue = NonNullable<ReturnType<FauxqsStores['sqsStore']['getQueueByArn']>>;

/** The groups of the messages that a request sends, by their bodies: fauxqs drops them on a standard queue. */
const groupsOfRequest = new AsyncLocalStorage<ReadonlyMap<string, (string | undefined)[]>>();

/** Runs a request to fauxqs that sends these messages; those of fair queues keep their groups. */
export function withGroups<T>(
  messages: readonly { readonly MessageBody?: unknown; readonly MessageGroupId?: unknown }[],
  request: () => Promise<T>,
): Promise<T> {
  const groups = new Map<string, (string | undefined)[]>();
  for (const { MessageBody, MessageGroupId } of messages) {
    const ofBody = groups.get(String(MessageBody)) ?? [];
    groups.set(String(MessageBody), [...ofBody, typeof MessageGroupId === 'string' ? MessageGroupId : undefined]);
  }
  return groupsOfRequest.run(groups, request);
}

/**
 * Makes a standard queue fair, as those of AWS are and those of fauxqs are not: a receive prefers messages of the groups
 * (`MessageGroupId`) that have the fewest messages in flight. AWS does so once a group has more than a tenth of the messages in
 * flight or of the processing time; a message without a group is a group of its own.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
 */
export function makeFair(queue: Queue): void {
  if (queue.isFifo()) return;
  const enqueue = queue.enqueue.bind(queue);
  queue.enqueue = (message) => {
    const group = message.messageGroupId ?? groupsOfRequest.getStore()?.get(message.body)?.shift();
    enqueue(group === undefined ? message : Object.assign(message, { messageGroupId: group }));
  };
  const dequeue = queue.dequeue.bind(queue);
  queue.dequeue = (maxCount, ...rest) => {
    queue.processTimers();
    const next = indexesInTurn(queue, maxCount);
    const front = next.flatMap((index) => queue.messages[index] ?? []);
    for (const index of next.toSorted((one, other) => other - one)) queue.messages.splice(index, 1);
    queue.messages.unshift(...front);
    return dequeue(maxCount, ...rest);
  };
}

/** The places of the messages that a receive is to deliver, the first of them first. */
function indexesInTurn({ messages, inflightMessages }: Queue, maxCount: number): number[] {
  const inFlight = new Map<string, number>();
  for (const { message } of inflightMessages.values()) {
    const group = message.messageGroupId;
    if (group !== undefined) inFlight.set(group, (inFlight.get(group) ?? 0) + 1);
  }
  const seen = new Map<string | undefined, number>();
  const candidates: { index: number; load: number }[] = [];
  for (const [index, { messageGroupId: group }] of messages.entries()) {
    const before = seen.get(group) ?? 0;
    if (before === maxCount) continue;
    seen.set(group, before + 1);
    candidates.push({ index, load: group === undefined ? 0 : (inFlight.get(group) ?? 0) + before });
  }
  candidates.sort((one, other) => one.load - other.load || one.index - other.index);
  return candidates.slice(0, maxCount).map(({ index }) => index);
}
