import { Hono } from 'hono';
import * as z from 'zod/mini';
import { checkSender } from '../../core/access/api-key.ts';
import { listPage } from '../../core/document/list.ts';
import { bodyKey, unpackBody } from '../../core/email/body.ts';
import { type Email, parseEmail } from '../../core/email/email.ts';
import { firstAcceptedAt } from '../../core/email/idempotency.ts';
import { EMAIL_PARTITION, type EmailRecord, recordKey } from '../../core/email/record.ts';
import { rescheduleEmail, retryEmail } from '../../core/email/reschedule.ts';
import { parseScheduledAt } from '../../core/email/schedule-time.ts';
import { limits } from '../../core/email/schema.ts';
import { lastEvent } from '../../core/email/status.ts';
import { type SubmitDependencies, type SubmitRequest, submitEmails } from '../../core/email/submit.ts';
import { cancel } from '../../core/email/transitions.ts';
import { invalid, notFound, SendoffError } from '../../core/errors.ts';
import { eventIdOf } from '../../core/event.ts';
import { isId } from '../../core/ids.ts';
import { validate } from '../../core/validate.ts';
import type { Publish } from '../../core/webhook/dispatch.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import { detail, summary, timeline } from './view.ts';

/** What `PATCH /emails/{id}` takes. */
export const rescheduleSchema = z.strictObject({
  scheduled_at: z.string().check(z.maxLength(200)),
  // Clients send the id in the body as well (Go, Python; Ruby); the one in the path counts.
  id: z.optional(z.unknown()),
  email_id: z.optional(z.unknown()),
});

/** The routes under `/emails`. */
export function emailRoutes(dependencies: SubmitDependencies, publish: Publish): Hono<Caller> {
  const { backend, now, retentionMs } = dependencies;
  const { table, bodies } = backend;
  const routes = new Hono<Caller>();

  const idOf = (context: { req: { param(name: 'id'): string } }): string => {
    const id = context.req.param('id');
    if (!isId(id)) throw notFound('Email');
    return id;
  };
  const find = async (id: string): Promise<EmailRecord> => {
    const record = await table.get<EmailRecord>(recordKey(id));
    if (!record) throw notFound('Email');
    return record;
  };

  /** Reads a request as of now, and one that is refused now but was accepted before, under the same key, as of then. */
  const readAsOf = async <T>(
    request: Pick<SubmitRequest, 'payload' | 'keyId' | 'idempotencyKey'>,
    read: (nowMs: number) => Promise<T>,
  ): Promise<T> => {
    try {
      return await read(now());
    } catch (error) {
      const { idempotencyKey, ...rest } = request;
      if (idempotencyKey === undefined) throw error;
      const firstAtMs = await firstAcceptedAt(dependencies.backend.table, { ...rest, idempotencyKey }, now());
      if (firstAtMs === undefined) throw error;
      return read(firstAtMs);
    }
  };

  routes.post('/', async (context) => {
    const { payload, value } = await readJson(context);
    const request = { payload, ...caller(context) };
    const email = await readAsOf(request, (nowMs) => parseEmail(value, nowMs));
    checkSender(context.get('apiKey'), email.from.address);
    const [id] = await submitEmails({ ...request, emails: [email], queue: 'transactional' }, dependencies);
    await publishScheduled([email], [id ?? '']);
    return context.json({ id });
  });

  routes.post('/batch', async (context) => {
    const { payload, value } = await readJson(context);
    const permissive = batchMode(context.req.header('x-batch-validation')) === 'permissive';
    const request = { payload, ...caller(context) };
    const { emails, errors } = await readAsOf(request, (nowMs) => parseBatch(value, permissive, nowMs));
    for (const { from } of emails) checkSender(context.get('apiKey'), from.address);
    const ids = emails.length > 0 ? await submitEmails({ ...request, emails, queue: 'bulk' }, dependencies) : [];
    await publishScheduled(emails, ids);
    return context.json({ data: ids.map((id) => ({ id })), ...(permissive ? { errors } : {}) });
  });

  routes.get('/', async (context) => {
    const { items, hasMore } = await listPage<EmailRecord>(table, EMAIL_PARTITION, recordKey, context.req.query());
    return context.json({ object: 'list', has_more: hasMore, data: items.map(summary) });
  });

  routes.get('/:id', async (context) => {
    const record = await find(idOf(context));
    const packed = await bodies.get(bodyKey(record.id, record.fingerprint));
    return context.json(detail(record, packed && unpackBody(packed)));
  });

  routes.get('/:id/events', async (context) => context.json(timeline(await find(idOf(context)))));

  routes.patch('/:id', async (context) => {
    const id = idOf(context);
    const { value } = await readJson(context);
    const { scheduled_at } = validate(rescheduleSchema, value, ['scheduled_at']);
    const nowMs = now();
    const dueAtMs = await parseScheduledAt(scheduled_at, nowMs);
    const { applied, document } = await rescheduleEmail(await find(id), dueAtMs, { backend, nowMs, retentionMs });
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
    const { applied, document } = await retryEmail(await find(id), { backend, nowMs: now() });
    if (!applied) throw notPossible('retried', document);
    return context.json({ object: 'email', id });
  });

  /** After the emails are durable, for no one must hear of one that is not; a repeated request tells it again. */
  const publishScheduled = (emails: readonly Email[], ids: readonly string[]) =>
    publish(
      emails.flatMap(({ scheduledAtMs }, index) => {
        const emailId = ids[index];
        if (scheduledAtMs === undefined || emailId === undefined) return [];
        return [
          { type: 'email.scheduled' as const, eventId: eventIdOf('email.scheduled', emailId), atMs: now(), emailId },
        ];
      }),
    );

  return routes;
}

type Requester = { get(name: 'apiKey'): { id: string }; req: { header(name: string): string | undefined } };

function caller(context: Requester): { keyId: string; idempotencyKey?: string } {
  const keyId = context.get('apiKey').id;
  const idempotencyKey = context.req.header('idempotency-key');
  if (idempotencyKey === undefined) return { keyId };
  if (idempotencyKey.length < 1 || idempotencyKey.length > limits.idempotencyKeyLength) {
    throw new SendoffError(
      'invalid_idempotency_key',
      400,
      `Idempotency keys, if present, must have between 1 and ${limits.idempotencyKeyLength} characters. This one has ${idempotencyKey.length}.`,
    );
  }
  return { keyId, idempotencyKey };
}

function batchMode(header = 'strict'): 'strict' | 'permissive' {
  if (header === 'strict' || header === 'permissive') return header;
  throw invalid('Invalid `x-batch-validation` header: it must be `strict` or `permissive`.');
}

/** In strict mode the first bad entry refuses all; in permissive mode bad entries are told by their index. */
async function parseBatch(
  value: unknown,
  permissive: boolean,
  nowMs: number,
): Promise<{ emails: Email[]; errors: { index: number; message: string }[] }> {
  if (!Array.isArray(value)) throw invalid('The request body must be a JSON array of emails.');
  if (value.length < 1 || value.length > limits.batch)
    throw invalid(`A batch must have 1 to ${limits.batch} emails; this one has ${value.length}.`);
  const emails: Email[] = [];
  const errors: { index: number; message: string }[] = [];
  for (const [index, entry] of value.entries()) {
    try {
      emails.push(await parseEmail(entry, nowMs));
    } catch (error) {
      if (!(error instanceof SendoffError)) throw error;
      if (!permissive)
        // After the message, whose first sentence programs compare.
        throw new SendoffError(error.code, error.status, `${error.message} (Email ${index} of the batch, from 0)`, {
          cause: error,
        });
      errors.push({ index, message: error.message });
    }
  }
  return { emails, errors };
}

function notPossible(what: string, record: EmailRecord | undefined): SendoffError {
  return record
    ? invalid(`This email can no longer be ${what}: it is ${lastEvent(record.status)}.`)
    : notFound('Email');
}
