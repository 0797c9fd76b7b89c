import type { Broker, Table } from './ports.ts';
import type { Webhook } from './webhook.ts';
import { deliverWebhook } from './webhook-delivery.ts';
import type { Announcement } from './webhook-event.ts';
import { listWebhooks, repairList } from './webhook-list.ts';

/** Resolves when everyone who wants to be told is sure to be: the jobs are durable. */
export type Announce = (announcements: readonly Announcement[]) => Promise<void>;

type Ports = { readonly table: Table; readonly broker: Broker };

/** How often a function compares the list of endpoints with the index: a few queries. */
const REPAIR_MS = 60_000;

/**
 * Makes the function that tells webhooks. It reads which endpoints there are each time: what happened before the call
 * is heard by every endpoint that was made before it happened, whatever the clocks say.
 */
export function createAnnounce({ table, broker }: Ports, now: () => number): Announce {
  return announceTo(broker, createReader(table, now));
}

/**
 * The same for functions that work on batches: makes, for each batch, a function that reads which endpoints there are
 * once. Everything in a batch happened before the batch arrived.
 */
export function createBatchAnnounce({ table, broker }: Ports, now: () => number): () => Announce {
  const read = createReader(table, now);
  return () => {
    let webhooks: Promise<readonly Webhook[]> | undefined;
    return announceTo(broker, () => {
      webhooks ??= read().catch((error: unknown) => {
        webhooks = undefined;
        throw error;
      });
      return webhooks;
    });
  };
}

function announceTo(broker: Broker, read: () => Promise<readonly Webhook[]>): Announce {
  return async (announcements) => {
    if (announcements.length === 0) return;
    const webhooks = (await read()).filter(({ status }) => status === 'enabled');
    const jobs = announcements.flatMap((event) =>
      webhooks
        .filter(({ events }) => events.length === 0 || events.includes(event.type))
        .map(({ id }) => deliverWebhook.call({ webhookId: id, eventId: event.eventId, event })),
    );
    if (jobs.length > 0) await broker.send(jobs);
  };
}

function createReader(table: Table, now: () => number): () => Promise<readonly Webhook[]> {
  let repairedAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (now() - repairedAtMs >= REPAIR_MS) {
      await repairList(table, now());
      repairedAtMs = now();
    }
    return listWebhooks(table);
  };
}
