import { Hono } from 'hono';
import { checkEndpoint, type EndpointRules } from '../../adapters/http/post-webhook.ts';
import { listPage } from '../../core/document/list.ts';
import { invalid, notFound } from '../../core/errors.ts';
import { type WebhookEventType, webhookEventTypes } from '../../core/event.ts';
import type { Broker } from '../../core/ports/broker.ts';
import type { Table } from '../../core/ports/table.ts';
import { nearest, validate } from '../../core/validate.ts';
import {
  deliverWebhook,
  deliveryKey,
  deliveryPartition,
  MAX_DELIVERY_ATTEMPTS,
  type WebhookDelivery,
} from '../../core/webhook/delivery.ts';
import {
  changeWebhook,
  rotateSecret,
  WEBHOOK_PARTITION,
  type Webhook,
  webhookKey,
} from '../../core/webhook/endpoint.ts';
import { createWebhook, deleteWebhook } from '../../core/webhook/registry.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import { changeWebhookSchema, createWebhookSchema } from './schema.ts';
import { attemptView, deliverySummary, deliveryView, webhookDetail, webhookSummary } from './view.ts';

export interface WebhookRouteDependencies {
  readonly table: Table;
  readonly broker: Broker;
  readonly endpointRules: EndpointRules;
  readonly now: () => number;
  readonly newId: () => string;
}

/** The routes under `/webhooks`. */
export function webhookRoutes({ table, endpointRules, now, newId, broker }: WebhookRouteDependencies): Hono<Caller> {
  const routes = new Hono<Caller>();

  const find = async (id: string): Promise<Webhook> => {
    const webhook = await table.get<Webhook>(webhookKey(id));
    if (!webhook) throw notFound('Webhook');
    return webhook;
  };

  routes.post('/', async (context) => {
    const { value } = await readJson(context);
    const { endpoint, events } = validate(createWebhookSchema, value, ['endpoint', 'events']);
    checkEndpoint(endpoint, endpointRules);
    const made = { id: newId(), endpoint, events: events.map(eventType), nowMs: now() };
    const { id, secret } = await createWebhook(table, made);
    return context.json({ object: 'webhook', id, signing_secret: secret }, 201);
  });

  routes.get('/', async (context) => {
    const { items, hasMore } = await listPage<Webhook>(table, WEBHOOK_PARTITION, webhookKey, context.req.query());
    return context.json({ object: 'list', has_more: hasMore, data: items.map(webhookSummary) });
  });

  routes.get('/:id', async (context) =>
    context.json(webhookDetail(await find(context.req.param('id')), context.get('apiKey'))),
  );

  routes.patch('/:id', async (context) => {
    const id = context.req.param('id');
    const { value } = await readJson(context);
    const changes = validate(changeWebhookSchema, value, ['endpoint', 'events', 'status']);
    if (changes.endpoint !== undefined) checkEndpoint(changes.endpoint, endpointRules);
    const { endpoint, status, events } = changes;
    const { applied } = await changeWebhook(table, id, {
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(status === undefined ? {} : { status }),
      ...(events === undefined ? {} : { events: events.map(eventType) }),
    });
    if (!applied) throw notFound('Webhook');
    return context.json({ object: 'webhook', id });
  });

  routes.delete('/:id', async (context) => {
    const id = context.req.param('id');
    if (!(await deleteWebhook(table, id))) throw notFound('Webhook');
    return context.json({ object: 'webhook', id, deleted: true });
  });

  routes.post('/:id/signing-secret/rotate', async (context) => {
    const id = context.req.param('id');
    const secret = await rotateSecret(table, id, now());
    if (secret === undefined) throw notFound('Webhook');
    return context.json({ object: 'webhook', id, signing_secret: secret });
  });

  deliveryRoutes(routes, { table, broker, find });
  return routes;
}

interface DeliveryRouteDependencies {
  readonly table: Table;
  readonly broker: Broker;
  readonly find: (id: string) => Promise<Webhook>;
}

/** The routes of an endpoint's events: their deliveries, the attempts of each, and replay. */
function deliveryRoutes(routes: Hono<Caller>, { table, broker, find }: DeliveryRouteDependencies): void {
  const findDelivery = async (webhookId: string, eventId: string): Promise<WebhookDelivery> => {
    const delivery = await table.get<WebhookDelivery>(deliveryKey(webhookId, eventId));
    if (!delivery) throw notFound('Webhook event');
    return delivery;
  };

  routes.get('/:id/events', async (context) => {
    const { id } = await find(context.req.param('id'));
    const keyOf = (eventId: string) => deliveryKey(id, eventId);
    const { items, hasMore } = await listPage<WebhookDelivery>(
      table,
      deliveryPartition(id),
      keyOf,
      context.req.query(),
    );
    return context.json({ object: 'list', has_more: hasMore, data: items.map(deliverySummary) });
  });

  routes.get('/:id/events/:eventId', async (context) => {
    const { id, eventId } = context.req.param();
    return context.json(deliveryView(await findDelivery(id, eventId)));
  });

  routes.get('/:id/events/:eventId/attempts', async (context) => {
    const { id, eventId } = context.req.param();
    const { attempts } = await findDelivery(id, eventId);
    return context.json({ object: 'list', has_more: false, data: attempts.map((one) => attemptView(eventId, one)) });
  });

  routes.post('/:id/events/:eventId/replay', async (context) => {
    const { id, eventId } = context.req.param();
    await find(id);
    const { attempts } = await findDelivery(id, eventId);
    if (attempts.length >= MAX_DELIVERY_ATTEMPTS)
      throw invalid(`This event was tried ${attempts.length} times; it cannot be replayed any more.`);
    await deliverWebhook.delay({ webhookId: id, eventId, replay: true }, broker);
    return context.json({ object: 'webhook_event', id: eventId });
  });
}

function eventType(name: string): WebhookEventType {
  const known = webhookEventTypes.find((type) => type === name);
  if (known) return known;
  const suggestion = nearest(name, webhookEventTypes);
  throw invalid(
    `Invalid \`events\` field: \`${name.slice(0, 80)}\` is not an event of this version. ${suggestion ? `Did you mean \`${suggestion}\`?` : `Events: ${webhookEventTypes.join(', ')}.`}`,
  );
}
