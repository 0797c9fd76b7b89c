import { expect } from 'vitest';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import type { WebhookEvent } from '../../../../functions/core/event.ts';
import type { LogFields } from '../../../../functions/core/ports/telemetry.ts';
import { createWorker } from '../../../../functions/core/task/worker.ts';
import {
  deliverWebhook,
  deliveryKey,
  type WebhookAnswer,
  type WebhookDelivery,
} from '../../../../functions/core/webhook/delivery.ts';
import { createPublish } from '../../../../functions/core/webhook/dispatch.ts';
import { type Webhook, webhookKey } from '../../../../functions/core/webhook/endpoint.ts';
import { createWebhook } from '../../../../functions/core/webhook/registry.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

export const START_MS = Date.parse('2026-11-21T10:00:00Z');
export const delivered: WebhookEvent = {
  type: 'email.delivered',
  eventId: 'msg_1',
  atMs: START_MS,
  emailId: 'one',
  recipient: 'a@example.com',
};

export interface Posted {
  readonly url: string;
  readonly atMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
  readonly timeoutMs: number;
}

/** Endpoints, a worker for them, and a clock that jumps to the next job. */
export async function setUp(
  answer: (posted: Posted) => WebhookAnswer & { timedOut?: boolean } = () => ({ status: 200, response: 'ok' }),
) {
  const clock = { nowMs: START_MS };
  const now = () => clock.nowMs;
  const backend = createMemoryBackend({ now });
  const { table, broker } = backend;
  const posted: Posted[] = [];
  const logged: { message: string; fields?: LogFields | undefined }[] = [];
  const write = (message: string, fields?: LogFields) => void logged.push({ message, fields });
  const work = createWorker({
    tasks: [deliverWebhook],
    dependencies: {
      ...backend,
      region: 'eu-west-1',
      random: () => 0.5,
      post: async (url, headers, payload, timeoutMs) => {
        const one = { url, atMs: now(), headers, payload, timeoutMs };
        posted.push(one);
        return answer(one);
      },
    },
    broker,
    log: { info: write, warn: write, error: write },
    concurrency: 10,
    now,
    random: () => 0.5,
  });
  const record: EmailRecord = {
    ...{ id: 'one', status: 'delivered', from: 'me@example.com', subject: 's', createdAtMs: START_MS - 1_000 },
    to: ['B <b@example.com>', 'A <A@example.com>'],
    ...{ fingerprint: 'f', queue: 'transactional', attempts: 1, messageId: 'ses-one', timeline: [] },
  };
  await table.insert({ key: recordKey('one'), fields: record });
  const add = (id: string, events: Webhook['events'] = []) =>
    createWebhook(table, { id, endpoint: `https://${id}.example.com/`, events, nowMs: clock.nowMs });
  /** Runs every job at its time, until none is left or the time has come. */
  const runUntil = async (untilMs = Number.POSITIVE_INFINITY) => {
    for (;;) {
      const dueAtMs = Math.min(...backend.waiting().map(({ job }) => job.dueAtMs ?? 0));
      if (dueAtMs === Number.POSITIVE_INFINITY || dueAtMs > untilMs) return;
      clock.nowMs = Math.max(clock.nowMs, dueAtMs);
      for (const queue of ['webhook', 'webhook-slow'] as const) {
        const deliveries = await backend.receive(queue);
        const deadlineMs = clock.nowMs + 30_000;
        expect(await work(deliveries, () => deadlineMs)).toEqual([]);
      }
    }
  };
  const webhook = (id: string) => table.get<Webhook>(webhookKey(id));
  const delivery = (id: string, eventId = 'msg_1') => table.get<WebhookDelivery>(deliveryKey(id, eventId));
  const publish = createPublish(backend, now, () => 0.5);
  return { backend, table, broker, clock, posted, logged, add, publish, runUntil, webhook, delivery };
}
