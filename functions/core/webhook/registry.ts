import { randomInt } from 'node:crypto';
import { timeSort } from '../document/time-sort.ts';
import { SendoffError } from '../errors.ts';
import type { Table } from '../ports/table.ts';
import { newWebhook, WEBHOOK_PARTITION, type Webhook, webhookKey } from './endpoint.ts';

/**
 * The one document that lists every endpoint. An index may lag, so that a new endpoint could miss an event; a document
 * is always up to date. Each of its fields is a slot with the id of one endpoint: taking a slot is one conditional
 * write, so there are never more endpoints than slots.
 */
export const WEBHOOK_LIST_KEY = 'webhook-list';

/** Every event costs one job for each endpoint that subscribes to it. */
export const MAX_WEBHOOKS = 50;
/** A creation that has no slot after this time crashed between its two writes. */
const CREATION_MS = 60_000;

type WebhookList = { readonly [slot: string]: string };

const slots = Array.from({ length: MAX_WEBHOOKS }, (_, index) => `slot${index}`);

/**
 * Every endpoint, oldest first, including those whose creation was answered before the call. `indexed` are the ids that
 * the index held lately: endpoints made by version 0.1 are only there.
 */
export async function listWebhooks(table: Table, indexed: readonly string[]): Promise<Webhook[]> {
  const ids = [...new Set([...Object.values((await readList(table)) ?? {}), ...indexed])];
  const webhooks = await table.getMany<Webhook>(ids.map(webhookKey));
  return webhooks.filter((webhook) => webhook !== undefined).sort((a, b) => a.createdAtMs - b.createdAtMs);
}

/**
 * Creates an endpoint; throws a 422 when there are `MAX_WEBHOOKS`. Its document is written first, so that every id in
 * the list has a document unless the endpoint was deleted.
 */
export async function createWebhook(table: Table, wanted: Parameters<typeof newWebhook>[0]): Promise<Webhook> {
  const webhook = newWebhook(wanted);
  const { id, createdAtMs } = webhook;
  await completeList(table, createdAtMs);
  const list = { partition: WEBHOOK_PARTITION, sort: timeSort(createdAtMs, id) };
  await table.insert({ key: webhookKey(id), fields: webhook, list });
  if (await addToList(table, id)) return webhook;
  await table.delete(webhookKey(id));
  const message = `There are ${MAX_WEBHOOKS} webhooks already, the most there can be`;
  throw new SendoffError('validation_error', 422, message);
}

/** Deletes an endpoint; answers whether it was there. */
export async function deleteWebhook(table: Table, id: string): Promise<boolean> {
  if (!(await table.delete(webhookKey(id)))) return false;
  const taken = Object.entries((await readList(table)) ?? {}).filter(([, holder]) => holder === id);
  await Promise.all(taken.map(([slot]) => release(table, slot, id)));
  return true;
}

/** Takes a slot for an endpoint whose document is written; answers false when no slot is left. */
async function addToList(table: Table, id: string): Promise<boolean> {
  for (let list = (await readList(table)) ?? {}; ; ) {
    if (Object.values(list).includes(id)) return true;
    const free = slots.filter((name) => list[name] === undefined);
    // A random one, so that simultaneous creations rarely want the same slot.
    const slot = free.length > 0 ? free[randomInt(free.length)] : await freeSlot(table, list);
    if (slot === undefined) return false;
    const { applied, document } = await table.update<WebhookList>(WEBHOOK_LIST_KEY, { set: { [slot]: id } }, [
      { [slot]: { exists: false } },
    ]);
    if (applied) return true;
    if (!document) throw new Error('the list of webhooks is made before an endpoint is added');
    list = document;
  }
}

/**
 * Creates the list if there is none, and adds the endpoints that it lacks: those made by version 0.1, and those whose
 * creation crashed between its two writes.
 */
async function completeList(table: Table, nowMs: number): Promise<void> {
  const [list, indexed] = await Promise.all([readList(table), indexedWebhookIds(table)]);
  if (!list) {
    const fields = Object.fromEntries(indexed.map((id, index) => [`slot${index}`, id]));
    if ((await table.insert({ key: WEBHOOK_LIST_KEY, fields })).applied) return;
  }
  const listed = new Set(Object.values(list ?? {}));
  const missing = indexed.filter((id) => !listed.has(id));
  for (const webhook of await table.getMany<Webhook>(missing.map(webhookKey)))
    if (webhook && webhook.createdAtMs <= nowMs - CREATION_MS) await addToList(table, webhook.id);
}

async function readList(table: Table): Promise<WebhookList | undefined> {
  // By getMany: the roles of the senders and of the feedback function allow no other read of webhooks.
  const [list] = await table.getMany<WebhookList>([WEBHOOK_LIST_KEY]);
  return list;
}

/** The ids in the list. */
export async function listedWebhookIds(table: Table): Promise<string[]> {
  return Object.values((await readList(table)) ?? {});
}

/** The ids of endpoints in the index, which may lag. */
export async function indexedWebhookIds(table: Table): Promise<string[]> {
  const entries = await table.query({
    index: 'list',
    partition: WEBHOOK_PARTITION,
    limit: MAX_WEBHOOKS,
    order: 'ascending',
  });
  return entries.map(({ key }) => key.slice(webhookKey('').length));
}

/** Frees the slot of a deleted endpoint: the request that deleted it crashed before it did so. */
async function freeSlot(table: Table, list: WebhookList): Promise<string | undefined> {
  const taken = Object.entries(list);
  const webhooks = await table.getMany<Webhook>(taken.map(([, id]) => webhookKey(id)));
  const [slot, id] = taken.find((_, index) => webhooks[index] === undefined) ?? [];
  if (slot === undefined || id === undefined) return undefined;
  await release(table, slot, id);
  return slot;
}

async function release(table: Table, slot: string, id: string): Promise<void> {
  await table.update(WEBHOOK_LIST_KEY, { remove: [slot] }, [{ [slot]: id }]);
}
