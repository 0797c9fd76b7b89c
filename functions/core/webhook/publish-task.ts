import * as z from 'zod/mini';
import { webhookEventTypes } from '../event.ts';
import type { Broker } from '../ports/broker.ts';
import type { Document } from '../ports/table.ts';
import { emailRetry } from '../task/retry.ts';
import { task } from '../task/task.ts';
import type { Publish } from './dispatch.ts';

/** Publishes an event from a worker. */
export const publishEvent = task(
  'event.publish',
  {
    args: z.object({
      type: z.enum(webhookEventTypes),
      eventId: z.string(),
      atMs: z.number(),
      emailId: z.optional(z.string()),
      subject: z.optional(z.custom<Document>((value) => typeof value === 'object' && value !== null)),
    }),
    queue: 'transactional',
    retry: emailRetry,
  },
  ({ emailId, subject, ...event }, _run, { publish }: { readonly publish: Publish }) =>
    publish([
      { ...event, ...(emailId === undefined ? {} : { emailId }), ...(subject === undefined ? {} : { subject }) },
    ]),
);

/**
 * Makes a `Publish` for functions that may queue emails but not read webhooks, whose documents hold signing secrets: it
 * queues one job for each event, and a worker publishes it. It takes only events without details.
 */
export function publishByJob(broker: Broker): Publish {
  return async (events) => {
    const jobs = events.map(({ type, eventId, atMs, emailId, subject }) =>
      publishEvent.call({ type, eventId, atMs, emailId, subject }),
    );
    if (jobs.length > 0) await broker.send(jobs);
  };
}
