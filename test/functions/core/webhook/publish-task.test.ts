import { expect, it } from 'vitest';
import type { WebhookEvent } from '../../../../functions/core/event.ts';
import { createWorker } from '../../../../functions/core/task/worker.ts';
import type { Publish } from '../../../../functions/core/webhook/dispatch.ts';
import { publishByJob, publishEvent } from '../../../../functions/core/webhook/publish-task.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const now = () => 1_800_000_000_000;
const event = { type: 'email.scheduled', eventId: 'msg_1', atMs: now(), emailId: '1' } as const;
const silent = { info: () => {}, warn: () => {}, error: () => {} };

it('publishes from a worker what a function could only queue', async () => {
  const backend = createMemoryBackend({ now });
  await publishByJob(backend.broker)([event, { ...event, eventId: 'msg_2', emailId: '2' }]);
  const published: WebhookEvent[] = [];
  const publish: Publish = async (events) => void published.push(...events);
  const { broker } = backend;
  const work = createWorker({
    tasks: [publishEvent],
    dependencies: { publish },
    broker,
    log: silent,
    concurrency: 1,
    now,
    random: Math.random,
  });
  const deliveries = backend.waiting().map(({ queue, job }, index) => {
    expect(queue).toBe('transactional');
    return { id: String(index), queue, body: JSON.stringify(job) };
  });
  expect(await work(deliveries, () => now() + 1_000)).toEqual([]);
  expect(published).toEqual([event, { ...event, eventId: 'msg_2', emailId: '2' }]);
});

it('queues nothing when there is no event', async () => {
  const backend = createMemoryBackend({ now });
  await publishByJob(backend.broker)([]);
  expect(backend.waiting()).toEqual([]);
});
