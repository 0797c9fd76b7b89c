import { invalid, SendoffError } from '../../errors.ts';
import { eventIdOf } from '../../event.ts';
import { createPrepareTemplate } from '../../template/use.ts';
import type { Publish } from '../../webhook/dispatch.ts';
import { type Email, parseEmail, type Referable } from '../email.ts';
import { limits } from '../schema.ts';
import { checkIdempotencyKey, firstAcceptedAt } from './idempotency.ts';
import { type SubmitDependencies, submitEmails } from './submit.ts';

/** A request to accept emails, before it is checked. */
export interface EmailRequest {
  /** The JSON of the request: tells a repeated request from another one under the same idempotency key. */
  readonly payload: string;
  /** The parsed JSON. */
  readonly value: unknown;
  /** The scope of the idempotency key: callers with different ids may use the same key. */
  readonly keyId: string;
  readonly idempotencyKey?: string | undefined;
  /** Throws for a sender that the caller may not use. */
  readonly checkSender?: (address: string) => void;
}

/** The dependencies of accepting emails. */
export interface EmailAcceptDependencies extends SubmitDependencies {
  /** Publishes `email.scheduled`. */
  readonly publish: Publish;
  /** Throws a 404 if there is no topic with this id. */
  readonly checkTopic: (id: string) => Promise<unknown>;
}

/** An entry of a batch that was refused, counted from 0. */
export interface BatchError {
  readonly index: number;
  readonly message: string;
}

/**
 * Checks one email and makes it durable, on the transactional queue; answers its id.
 *
 * @throws 400 or 422 for a wrong field, 409 for an idempotency key in use, 503 when it is not durable.
 */
export async function acceptEmail(request: EmailRequest, dependencies: EmailAcceptDependencies): Promise<string> {
  checkIdempotencyKey(request.idempotencyKey);
  const email = await readAsOf(request, dependencies, (nowMs) =>
    parseEmail(request.value, nowMs, referable(dependencies)),
  );
  const [id = ''] = await submit(request, [email], 'transactional', dependencies);
  return id;
}

/**
 * Checks 1 to 100 emails and makes them durable, on the bulk queue; answers their ids in order. In strict mode one bad
 * entry refuses the whole batch; in permissive mode the good ones are accepted and the bad ones answered by index.
 *
 * @throws as `acceptEmail`.
 */
export async function acceptBatch(
  request: EmailRequest,
  mode: 'strict' | 'permissive',
  dependencies: EmailAcceptDependencies,
): Promise<{ ids: string[]; errors: BatchError[] }> {
  checkIdempotencyKey(request.idempotencyKey);
  const known = referable(dependencies);
  const read = (nowMs: number) => parseBatch(request.value, mode, nowMs, known);
  const { emails, errors } = await readAsOf(request, dependencies, read);
  return { ids: await submit(request, emails, 'bulk', dependencies), errors };
}

/** The templates and topics of a request; each is read once. */
function referable({ backend, checkTopic }: EmailAcceptDependencies): Referable {
  const topics = new Map<string, Promise<unknown>>();
  return {
    prepareTemplate: createPrepareTemplate(backend.table),
    checkTopic: (id) => {
      const checking = topics.get(id) ?? checkTopic(id);
      topics.set(id, checking);
      return checking;
    },
  };
}

/**
 * Reads a request as of now. If it is refused now but was accepted before under the same idempotency key, it is read as of
 * that time: its `scheduled_at` may have passed since.
 */
async function readAsOf<T>(
  { payload, keyId, idempotencyKey }: EmailRequest,
  { backend, now }: SubmitDependencies,
  read: (nowMs: number) => Promise<T>,
): Promise<T> {
  try {
    return await read(now());
  } catch (error) {
    if (idempotencyKey === undefined) throw error;
    const firstAtMs = await firstAcceptedAt(backend.table, { payload, keyId, idempotencyKey }, now());
    if (firstAtMs === undefined) throw error;
    return read(firstAtMs);
  }
}

async function parseBatch(
  value: unknown,
  mode: 'strict' | 'permissive',
  nowMs: number,
  known: Referable,
): Promise<{ emails: Email[]; errors: BatchError[] }> {
  if (!Array.isArray(value)) throw invalid('The request body must be a JSON array of emails.');
  if (value.length < 1 || value.length > limits.batch)
    throw invalid(`A batch must have 1 to ${limits.batch} emails; this one has ${value.length}.`);
  const emails: Email[] = [];
  const errors: BatchError[] = [];
  for (const [index, entry] of value.entries()) {
    try {
      emails.push(await parseEmail(entry, nowMs, known));
    } catch (error) {
      if (!(error instanceof SendoffError)) throw error;
      if (mode === 'strict')
        // The index comes last because programs compare the first sentence of the message.
        throw new SendoffError(error.code, error.status, `${error.message} (Email ${index} of the batch, from 0)`, {
          cause: error,
        });
      errors.push({ index, message: error.message });
    }
  }
  return { emails, errors };
}

/** Makes parsed emails durable, then publishes which of them are scheduled; a repeated request publishes it again. */
async function submit(
  { payload, keyId, idempotencyKey, checkSender = () => {} }: EmailRequest,
  emails: readonly Email[],
  queue: 'transactional' | 'bulk',
  dependencies: EmailAcceptDependencies,
): Promise<string[]> {
  for (const { from } of emails) checkSender(from.address);
  if (emails.length === 0) return [];
  const keyed = idempotencyKey === undefined ? {} : { idempotencyKey };
  const ids = await submitEmails({ payload, keyId, ...keyed, emails, queue }, dependencies);
  const atMs = dependencies.now();
  await dependencies.publish(
    emails.flatMap(({ scheduledAtMs }, index) => {
      const emailId = ids[index];
      if (scheduledAtMs === undefined || emailId === undefined) return [];
      return [{ type: 'email.scheduled' as const, eventId: eventIdOf('email.scheduled', emailId), atMs, emailId }];
    }),
  );
  return ids;
}
