import type { Context, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod/mini';
import { queueNames, queueUrlVariable } from '../../../functions/core/queues.ts';
import { emailRetry } from '../../../functions/core/task/retry.ts';
import { task } from '../../../functions/core/task/task.ts';
import { createSqsHandler } from '../../../functions/runtime/sqs-handler.ts';
import { createMemoryBackend } from '../../helpers/memory-backend.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const context = { getRemainingTimeInMillis: () => 10_000 } as Context;
const message = (messageId: string, queue: string, args: unknown) => ({
  messageId,
  body: JSON.stringify({ task: 'try', args, attempt: 1 }),
  eventSourceARN: `arn:aws:sqs:us-east-1:123456789012:${queue}`,
});
const eventOf = (...messages: ReturnType<typeof message>[]) => ({ Records: messages }) as unknown as SQSEvent;

const handlerOf = (worker: 'send' | 'webhook') => {
  const ran: { queue: string; deadlineMs: number }[] = [];
  const tried = task('try', { args: z.boolean(), queue: 'bulk', retry: emailRetry }, async (ends, run) => {
    if (!ends) throw new Error('it does not end well');
    ran.push({ queue: run.queue, deadlineMs: run.deadlineMs });
  });
  const { broker } = createMemoryBackend();
  return { ran, handler: createSqsHandler(worker, { tasks: [tried], dependencies: {}, broker, log: silent }) };
};

describe('the handler of a function that works on queues of SQS', () => {
  beforeEach(() => {
    vi.stubEnv('WORKER_CONCURRENCY', '10');
    for (const name of queueNames) vi.stubEnv(queueUrlVariable(name), `https://sqs/123456789012/Sendoff-${name}-X1`);
  });
  afterEach(() => void vi.unstubAllEnvs());

  it('answers the messages whose jobs did not end well', async () => {
    const { handler } = handlerOf('send');
    const event = eventOf(
      message('good', 'Sendoff-bulk-X1', true),
      message('bad', 'Sendoff-bulk-X1', false),
      message('ugly', 'Sendoff-bulk-X1', 'no boolean'),
    );
    const { batchItemFailures } = await handler(event, context);
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual(['bad', 'ugly']);
  });

  it.each([
    ['send', 'transactional'],
    ['send', 'bulk'],
    ['webhook', 'webhook'],
    ['webhook', 'webhook-slow'],
  ] as const)('gives a job of %s its queue, %s', async (worker, queue) => {
    const { ran, handler } = handlerOf(worker);
    await handler(eventOf(message('1', `Sendoff-${queue}-X1`, true)), context);
    expect(ran).toMatchObject([{ queue }]);
  });

  it('gives jobs the time that the invocation has left', async () => {
    const { ran, handler } = handlerOf('send');
    const beforeMs = Date.now();
    await handler(eventOf(message('1', 'Sendoff-bulk-X1', true)), context);
    expect(ran[0]?.deadlineMs).toBeGreaterThanOrEqual(beforeMs + 10_000);
    expect(ran[0]?.deadlineMs).toBeLessThanOrEqual(Date.now() + 10_000);
  });

  it('refuses messages of a queue that is another function’s', async () => {
    const { handler } = handlerOf('send');
    await expect(handler(eventOf(message('1', 'Sendoff-webhook-X1', true)), context)).rejects.toThrow(
      'No queue of this function has the ARN',
    );
  });
});
