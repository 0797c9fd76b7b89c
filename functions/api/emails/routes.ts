import { type Context, Hono } from 'hono';
import { checkSender } from '../../core/access/api-key.ts';
import { findTopic } from '../../core/audience/topics.ts';
import { listPage } from '../../core/document/list.ts';
import { acceptBatch, acceptEmail, type EmailAcceptDependencies, type EmailRequest } from '../../core/email/accept.ts';
import { bodyKey, unpackBody, withContent } from '../../core/email/body.ts';
import { EMAIL_PARTITION, type EmailRecord, recordKey } from '../../core/email/record.ts';
import { rescheduleEmail, retryEmail } from '../../core/email/reschedule.ts';
import { parseScheduledAt } from '../../core/email/schedule-time.ts';
import { lastEvent } from '../../core/email/status.ts';
import type { SubmitDependencies } from '../../core/email/submit.ts';
import { cancel } from '../../core/email/transitions.ts';
import { invalid, notFound, type SendoffError } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import type { Table } from '../../core/ports/table.ts';
import { validate } from '../../core/validate.ts';
import type { Publish } from '../../core/webhook/dispatch.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import { rescheduleSchema } from './schema.ts';
import { detail, summary, timeline } from './view.ts';

/** The routes under `/emails`. */
export function emailRoutes(dependencies: SubmitDependencies, publish: Publish): Hono<Caller> {
  const routes = new Hono<Caller>();
  const checkTopic = (id: string) => findTopic(dependencies.backend.table, id);
  acceptRoutes(routes, { ...dependencies, publish, checkTopic });
  readRoutes(routes, dependencies);
  changeRoutes(routes, dependencies);
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

function readRoutes(routes: Hono<Caller>, { backend: { table, bodies } }: SubmitDependencies): void {
  routes.get('/', async (context) => {
    const { items, hasMore } = await listPage<EmailRecord>(table, EMAIL_PARTITION, recordKey, context.req.query());
    return context.json({ object: 'list', has_more: hasMore, data: items.map(summary) });
  });

  routes.get('/:id', async (context) => {
    const record = await findRecord(table, idOf(context));
    const packed = await bodies.get(bodyKey(record.id, record.fingerprint));
    return context.json(detail(record, packed && (await withContent(unpackBody(packed), table))));
  });

  routes.get('/:id/events', async (context) => context.json(timeline(await findRecord(table, idOf(context)))));
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
