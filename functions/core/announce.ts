import type { Broker, Table } from './ports.ts';
import { listWebhooks, type Webhook } from './webhook.ts';
import { deliverWebhook } from './webhook-delivery.ts';
import type { Announcement } from './webhook-event.ts';

/** Resolves when everyone who wants to be told is sure to be: the jobs are durable. */
export type Announce = (announcements: readonly Announcement[]) => Promise<void>;

/** How long the list of endpoints is believed: a new one hears everything after this at the latest. */
const CACHE_MS = 5_000;

/**
 * Makes the function that tells webhooks. Which endpoints there are is read at most once in `cacheMs`, so that a
 * service without webhooks pays next to nothing for the question.
 */
export function createAnnounce(
  { table, broker }: { readonly table: Table; readonly broker: Broker },
  now: () => number,
  cacheMs = CACHE_MS,
): Announce {
  let cached: { readonly untilMs: number; readonly webhooks: Promise<readonly Webhook[]> } | undefined;

  const enabled = async (): Promise<readonly Webhook[]> => {
    if (cached && cached.untilMs > now()) return cached.webhooks;
    const webhooks = listWebhooks(table).then((all) => all.filter(({ status }) => status === 'enabled'));
    cached = { untilMs: now() + cacheMs, webhooks };
    webhooks.catch(() => {
      cached = undefined;
    });
    return webhooks;
  };

  return async (announcements) => {
    if (announcements.length === 0) return;
    const webhooks = await enabled();
    const jobs = announcements.flatMap((event) =>
      webhooks
        .filter(({ events }) => events.length === 0 || events.includes(event.type))
        .map(({ id }) => deliverWebhook.call({ webhookId: id, eventId: event.eventId, event })),
    );
    if (jobs.length > 0) await broker.send(jobs);
  };
}
