import * as z from 'zod/mini';
import { webhookEventTypes } from '../event.ts';
import type { Broker } from '../ports/broker.ts';
import { emailRetry } from '../task/retry.ts';
import { task } from '../task/task.ts';
import type { Publish } from './dispatch.ts';

/** Publishes an event about an email from a worker. */
export const publishEvent = task(
  'event.publish',
  {
    args: z.object({ type: z.enum(webhookEventTypes), eventId: z.string(), atMs: z.number(), emailId: z.string() }),
    queue: 'transactional',
    retry: emailRetry,
  },
  (event, _run, { publish }: { readonly publish: Publish }) => publish([event]),
);

/**
 * Makes a `Publish` for functions that may queue emails but not read webhooks, whose documents hold signing secrets: it
 * queues one job for each event, and a worker publishes it. It takes only events about an email without details.
 */
export function publishByJob(broker: Broker): Publish {
  return async (events) => {
    const jobs = events.map(({ type, eventId, atMs, emailId = '' }) =>
      publishEvent.call({ type, eventId, atMs, emailId }),
    );
    if (jobs.length > 0) await broker.send(jobs);
  };
}
