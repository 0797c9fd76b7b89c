import { type Context, Hono } from 'hono';
import { checkSender } from '../../core/access/api-key.ts';
import { findTopic } from '../../core/audience/topics.ts';
import { listPage } from '../../core/document/list.ts';
import {
  acceptBatch,
  acceptEmail,
  type EmailAcceptDependencies,
  type EmailRequest,
} from '../../core/email/accept/accept.ts';
import { checkIdempotencyKey } from '../../core/email/accept/idempotency.ts';
import { parseScheduledAt } from '../../core/email/accept/schedule-time.ts';
import { readBody, sendAgain } from '../../core/email/accept/send-again.ts';
import type { SubmitDependencies } from '../../core/email/accept/submit.ts';
import { bodyKey, unpackBody, withContent } from '../../core/email/body.ts';
import { EMAIL_PARTITION, type EmailRecord, recordKey } from '../../core/email/record.ts';
import { rescheduleEmail, retryEmail } from '../../core/email/reschedule.ts';
import { searchEmails } from '../../core/email/search.ts';
import { lastEvent } from '../../core/email/status.ts';
import { cancel } from '../../core/email/transitions.ts';
import { invalid, notFound, type SendoffError } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import type { Table } from '../../core/ports/table.ts';
import { validate } from '../../core/validate.ts';
import type { Publish } from '../../core/webhook/dispatch.ts';
import { deliveriesOf } from '../../core/webhook/email-deliveries.ts';
import type { Caller } from '../authenticate.ts';
import { baseUrl } from '../base-url.ts';
import { readJson } from '../read-json.ts';
import { parseFilter } from './filter.ts';
import { rawMessage } from './raw.ts';
import { rescheduleSchema } from './schema.ts';
import { detail, emailList, timeline, webhookDelivery } from './view.ts';

/** The routes under `/emails`. */
export function emailRoutes(dependencies: SubmitDependencies, publish: Publish): Hono<Caller> {
  const routes = new Hono<Caller>();
  const checkTopic = (id: string) => findTopic(dependencies.backend.table, id);
  acceptRoutes(routes, { ...dependencies, publish, checkTopic });
  readRoutes(routes, dependencies);
  changeRoutes(routes, dependencies);
  sendAgainRoute(routes, dependencies);
  return routes;
}

function acceptRoutes(routes: Hono<Caller>, dependencies: EmailAcceptDependencies): void {
  routes.post('/', async (context) => {
    const request = await emailRequest(context);
    return context.json({ id: await acceptEmail(request, dependencies) });
  });

  routes.post('/batch', async (context) => {
    const request = await emailRequest(context);
    const mode = batchMode(context.req.header('x-batch-validation'));
    const { ids, errors } = await acceptBatch(request, mode, dependencies);
    return context.json({ data: ids.map((id) => ({ id })), ...(mode === 'permissive' ? { errors } : {}) });
  });
}

function readRoutes(routes: Hono<Caller>, { backend: { table, bodies }, now }: SubmitDependencies): void {
  routes.get('/', async (context) => {
    const query = context.req.query();
    const filter = parseFilter(query);
    if (filter) return context.json(emailList(await searchEmails(filter, query, { table, now })));
    return context.json(emailList(await listPage<EmailRecord>(table, EMAIL_PARTITION, recordKey, query)));
  });

  routes.get('/:id', async (context) => {
    const record = await findRecord(table, idOf(context));
    const packed = await bodies.get(bodyKey(record.id, record.fingerprint));
    return context.json(detail(record, packed && (await withContent(unpackBody(packed), table))));
  });

  routes.get('/:id/events', async (context) => context.json(timeline(await findRecord(table, idOf(context)))));

  routes.get('/:id/raw', async (context) => {
    const record = await findRecord(table, idOf(context));
    return rawMessage(record, await withContent(await readBody(record, { bodies }), table), baseUrl(context));
  });

  routes.get('/:id/webhooks', async (context) => {
    const deliveries = await deliveriesOf(await findRecord(table, idOf(context)), table);
    return context.json({ object: 'list', has_more: false, data: deliveries.map(webhookDelivery) });
  });
}

function changeRoutes(routes: Hono<Caller>, { backend, now, retentionMs }: SubmitDependencies): void {
  const { table } = backend;

  routes.patch('/:id', async (context) => {
    const id = idOf(context);
    const { value } = await readJson(context);
    const { scheduled_at } = validate(rescheduleSchema, value, ['scheduled_at']);
    const nowMs = now();
    const dueAtMs = await parseScheduledAt(scheduled_at, nowMs);
    const record = await findRecord(table, id);
    const { applied, document } = await rescheduleEmail(record, dueAtMs, { backend, nowMs, retentionMs });
    if (!applied) throw notPossible('rescheduled', document);
    return context.json({ object: 'email', id });
  });

  routes.post('/:id/cancel', async (context) => {
    const id = idOf(context);
    const { applied, document } = await cancel(table, id, now());
    if (!applied && document?.status !== 'canceled') throw notPossible('canceled', document);
    return context.json({ object: 'email', id });
  });

  routes.post('/:id/retry', async (context) => {
    const id = idOf(context);
    const { applied, document } = await retryEmail(await findRecord(table, id), { backend, nowMs: now() });
    if (!applied) throw notPossible('retried', document);
    return context.json({ object: 'email', id });
  });
}

function sendAgainRoute(routes: Hono<Caller>, dependencies: SubmitDependencies): void {
  routes.post('/:id/send-again', async (context) => {
    const record = await findRecord(dependencies.backend.table, idOf(context));
    const apiKey = context.get('apiKey');
    const idempotencyKey = context.req.header('idempotency-key');
    checkIdempotencyKey(idempotencyKey);
    const id = await sendAgain(record, { keyId: apiKey.id, idempotencyKey }, dependencies);
    return context.json({ object: 'email', id });
  });
}

function idOf(context: { req: { param(name: 'id'): string } }): string {
  const id = context.req.param('id');
  if (!isId(id)) throw notFound('Email');
  return id;
}

async function findRecord(table: Table, id: string): Promise<EmailRecord> {
  const record = await table.get<EmailRecord>(recordKey(id));
  if (!record) throw notFound('Email');
  return record;
}

/** Reads a request to accept emails; its API key owns the idempotency key and limits the sender. */
async function emailRequest(context: Context<Caller>): Promise<EmailRequest> {
  const { payload, value } = await readJson(context);
  const apiKey = context.get('apiKey');
  return {
    payload,
    value,
    keyId: apiKey.id,
    idempotencyKey: context.req.header('idempotency-key'),
    checkSender: (address) => checkSender(apiKey, address),
  };
}

function batchMode(header = 'strict'): 'strict' | 'permissive' {
  if (header === 'strict' || header === 'permissive') return header;
  throw invalid('Invalid `x-batch-validation` header: it must be `strict` or `permissive`.');
}

function notPossible(what: string, record: EmailRecord | undefined): SendoffError {
  return record
    ? invalid(`This email can no longer be ${what}: it is ${lastEvent(record.status)}.`)
    : notFound('Email');
}
