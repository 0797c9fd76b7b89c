import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Visit } from './visit.ts';

/** An event of SES about an email of another sender: the feedback function drops it. */
const FOREIGN_EVENT = JSON.stringify({
  eventType: 'Send',
  mail: { timestamp: new Date(0).toISOString(), messageId: 'foreign', destination: [], tags: {} },
  send: {},
});

/** The status and the numbers over time, which no error hides. */
export async function readState({ ask }: Pick<Visit, 'ask'>): Promise<void> {
  await ask('GET', '/status');
  const { note } = (await ask('GET', '/emails/metrics?dimensions=period')) as unknown as { note: string | null };
  if (note !== null) throw new Error(`there are no metrics: ${note}`);
}

/** An event that failed too often is put back; a text that is no job is deleted. */
export async function handleDeadLetters(visit: Visit): Promise<void> {
  const { ask, local, sqs } = visit;
  await buryEvent(visit);
  const listed = (await ask('GET', '/dead-letters')).data as unknown as { queue: string | null }[];
  if (listed.length !== 1 || listed[0]?.queue !== 'feedback')
    throw new Error('the event is not among the dead letters');
  const { redriven } = (await ask('POST', '/dead-letters/redrive', { all: true })) as unknown as { redriven: number };
  if (redriven !== 1) throw new Error(`${redriven} of 1 events were put back`);
  const { DeadLetterQueueUrl: QueueUrl } = local.cloud.outputs;
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'no job' }));
  const { purged } = (await ask('POST', '/dead-letters/purge', { all: true })) as unknown as { purged: number };
  if (purged !== 1) throw new Error(`${purged} of 1 texts were deleted`);
  await local.cloud.idle();
}

/** Receives an event in the place of the feedback function, without deleting it, until SQS gives it up. */
async function buryEvent({ local, sqs }: Pick<Visit, 'local' | 'sqs'>): Promise<void> {
  const { cloud } = local;
  const { FeedbackQueueUrl: QueueUrl, DeadLetterQueueUrl } = cloud.outputs;
  const { promise, resolve } = Promise.withResolvers<void>();
  const held = cloud.faults.add({
    service: 'sqs',
    action: 'ReceiveMessage',
    functionName: 'FeedbackFunction',
    when: 'before',
    effect: { kind: 'hold', until: promise },
  });
  try {
    // The receive that is under way now takes the first one; the next is held.
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: FOREIGN_EVENT }));
    await held.triggered;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: FOREIGN_EVENT }));
    const receive = new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 });
    while ((await sqs.send(receive)).Messages?.length);
    const arrived = new ReceiveMessageCommand({ QueueUrl: DeadLetterQueueUrl, VisibilityTimeout: 0 });
    if (!(await sqs.send(arrived)).Messages?.length) throw new Error('the event was not given up');
  } finally {
    held.remove();
    resolve();
  }
}
