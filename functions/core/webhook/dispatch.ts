import type { WebhookEvent } from '../event.ts';
import { once } from '../once.ts';
import type { Broker } from '../ports/broker.ts';
import type { Table } from '../ports/table.ts';
import { deliverWebhook } from './delivery.ts';
import type { Webhook } from './endpoint.ts';
import { indexedWebhookIds, listWebhooks } from './registry.ts';
import { queueFor } from './slow-endpoints.ts';

/** Publishes events to all endpoints that subscribe to them. Resolves when the jobs that deliver them are durable. */
export type Publish = (events: readonly WebhookEvent[]) => Promise<void>;

type Ports = { readonly table: Table; readonly broker: Broker };

/** How long the ids from the index are reused; the list of endpoints is read each time. */
const INDEX_MS = 60_000;

/**
 * Makes a function that reads the list of endpoints each time it publishes: an event reaches every endpoint that was
 * created before it happened, whatever the clocks say.
 */
export function createPublish(ports: Ports, now: () => number, random = Math.random): Publish {
  return publishTo(createReader(ports.table, now), { ...ports, now, random });
}

/**
 * The same for functions that work on batches: makes a function for each batch, which reads the list of endpoints once.
 * All events of a batch happened before the batch arrived.
 */
export function createBatchPublish(ports: Ports, now: () => number, random = Math.random): () => Publish {
  const read = createReader(ports.table, now);
  return () => publishTo(once(read), { ...ports, now, random });
}

function publishTo(
  read: () => Promise<readonly Webhook[]>,
  { broker, now, random }: Ports & { now: () => number; random: () => number },
): Publish {
  return async (events) => {
    if (events.length === 0) return;
    const webhooks = (await read()).filter(({ status }) => status === 'enabled');
    const jobs = events.flatMap((event) =>
      webhooks
        .filter(({ events }) => events.length === 0 || events.includes(event.type))
        .map((webhook) =>
          deliverWebhook.call(
            { webhookId: webhook.id, eventId: event.eventId, event },
            { ...queueFor(webhook, now(), random), now },
          ),
        ),
    );
    if (jobs.length > 0) await broker.send(jobs);
  };
}

function createReader(table: Table, now: () => number): () => Promise<readonly Webhook[]> {
  let indexed: readonly string[] = [];
  let indexedUntilMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (now() >= indexedUntilMs) {
      indexed = await indexedWebhookIds(table);
      indexedUntilMs = now() + INDEX_MS;
    }
    return listWebhooks(table, indexed);
  };
}
