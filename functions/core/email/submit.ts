import { SendoffError } from '../errors.ts';
import { derivedId, sha256 } from '../ids.ts';
import type { Backend, Submission } from '../ports/backend.ts';
import type { QueueName } from '../ports/broker.ts';
import type { Metrics } from '../ports/telemetry.ts';
import type { Email } from './email.ts';
import { bodyKey, type EmailRecord, listEntry, newRecord, packBody, recordKey } from './record.ts';
import { sendJob } from './send.ts';
import { scheduleCheck } from './transitions.ts';

const DAY_MS = 86_400_000;

export interface AcceptDependencies {
  readonly backend: Backend;
  readonly now: () => number;
  readonly newId: () => string;
  readonly metrics: Metrics;
  /** How long records and bodies are kept, in ms, from the time the email is due. */
  readonly retentionMs: number;
}

export interface AcceptRequest {
  /** 1 to 100 emails of one request. */
  readonly emails: readonly Email[];
  /** What was sent to us, for telling a repeated request from another one. */
  readonly payload: string;
  readonly queue: QueueName;
  readonly keyId: string;
  readonly idempotencyKey?: string;
}

/**
 * Makes emails durable — record, body and job, in parallel — and answers their ids in order.
 *
 * With an idempotency key each id is derived from it, so the record's put-if-absent is the idempotency check. A batch
 * under a key takes one round trip more: its first email alone decides whether the key is free, before any other is put.
 *
 * @throws 409 `invalid_idempotent_request` when the key was used with another payload in the last 24 hours.
 * @throws 503 when anything is not durable; the same request may be sent again.
 */
export async function acceptEmails(request: AcceptRequest, dependencies: AcceptDependencies): Promise<string[]> {
  const { emails, idempotencyKey } = request;
  // One moment for all of it: in two parts of a batch a key must not be 24 hours old in one and younger in the other.
  const nowMs = dependencies.now();
  if (idempotencyKey === undefined) return acceptGeneration(request, 0, emails.length, nowMs, dependencies);
  for (let generation = 0; ; generation++) {
    const ids = await acceptGeneration(request, generation, 1, nowMs, dependencies);
    if (ids.length === emails.length) return ids;
    if (ids.length > 0)
      return [...ids, ...(await acceptGeneration(request, generation, emails.length, nowMs, dependencies, 1))];
  }
}

/** Accepts emails `from` to `to`; answers no ids when this generation of the key was used up over 24 hours ago. */
async function acceptGeneration(
  request: AcceptRequest,
  generation: number,
  to: number,
  nowMs: number,
  dependencies: AcceptDependencies,
  from = 0,
): Promise<string[]> {
  const drafts = request.emails
    .slice(from, to)
    .map((email, offset) => draft(request, email, from + offset, generation, nowMs, dependencies));
  const outcomes = await dependencies.backend.submit(drafts.map(({ submission }) => submission));
  const ids: string[] = [];
  for (const [index, { record }] of drafts.entries()) {
    const existing = outcomes[index]?.applied ? undefined : (outcomes[index]?.document as EmailRecord | undefined);
    if (existing && existing.createdAtMs < nowMs - DAY_MS) return [];
    if (existing && existing.fingerprint !== record.fingerprint) throw reused();
    ids.push(record.id);
  }
  // A request that was repeated under its key made nothing new.
  const accepted = outcomes.filter(({ applied }) => applied).length;
  if (accepted > 0) dependencies.metrics.count('accepted', request.queue, accepted);
  return ids;
}

function draft(
  request: AcceptRequest,
  email: Email,
  index: number,
  generation: number,
  nowMs: number,
  dependencies: AcceptDependencies,
) {
  const { keyId, idempotencyKey, payload, queue } = request;
  const { backend, newId, retentionMs } = dependencies;
  const id = idempotencyKey === undefined ? newId() : keyedId(keyId, idempotencyKey, index, generation);
  const fingerprint = fingerprintOf(payload, index);
  const record = newRecord(email, { id, fingerprint, queue }, nowMs);
  const dueAtMs = record.scheduledAtMs ?? nowMs;
  const handedOver = dueAtMs - nowMs <= backend.delayHorizonMs;
  const submission: Submission = {
    record: {
      key: recordKey(id),
      fields: record,
      list: listEntry(record),
      ...(record.scheduledAtMs === undefined ? {} : { due: scheduleCheck(dueAtMs, id, handedOver) }),
      expiresAtMs: dueAtMs + retentionMs,
    },
    body: { key: bodyKey(id, fingerprint), bytes: packBody(email) },
    ...(handedOver ? { job: sendJob(record, record.scheduledAtMs) } : {}),
    repeatable: idempotencyKey !== undefined,
  };
  return { record, submission };
}

/**
 * When a request with this key and payload was first accepted, in epoch ms; undefined when that was over 24 hours ago or
 * never. A repeated request is read as of that time: a `scheduled_at` in it may have passed since.
 */
export async function firstAcceptedAt(
  { payload, keyId, idempotencyKey }: Pick<AcceptRequest, 'payload' | 'keyId' | 'idempotencyKey'>,
  { backend, now }: Pick<AcceptDependencies, 'backend' | 'now'>,
): Promise<number | undefined> {
  if (idempotencyKey === undefined) return undefined;
  for (let generation = 0; ; generation++) {
    const key = recordKey(keyedId(keyId, idempotencyKey, 0, generation));
    const record = await backend.table.get<EmailRecord>(key);
    if (!record) return undefined;
    if (record.createdAtMs >= now() - DAY_MS)
      return record.fingerprint === fingerprintOf(payload, 0) ? record.createdAtMs : undefined;
  }
}

const keyedId = (keyId: string, idempotencyKey: string, index: number, generation: number): string =>
  derivedId(keyId, idempotencyKey, String(index), String(generation));

/** 128 bits; the index keeps the emails of a batch apart, the whole payload ties them together. */
const fingerprintOf = (payload: string, index: number): string => sha256(`${index} ${payload}`).slice(0, 32);

function reused(): SendoffError {
  return new SendoffError(
    'invalid_idempotent_request',
    409,
    "This idempotency key has been used with this HTTP method and endpoint within the last 24 hours, but the request body was modified and doesn't match the original request.",
  );
}
