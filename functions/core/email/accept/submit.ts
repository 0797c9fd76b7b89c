import type { Backend, Submission } from '../../ports/backend.ts';
import type { Metrics } from '../../ports/telemetry.ts';
import type { QueueName } from '../../queues.ts';
import { bodyKey, packBody } from '../body.ts';
import type { Email } from '../email.ts';
import { type EmailRecord, groupOf, listEntry, newRecord, recordKey } from '../record.ts';
import { sendJob } from '../send/send.ts';
import { scheduleCheck } from '../transitions.ts';
import { fingerprintOf, isKeyFree, keyedId, keyReused } from './idempotency.ts';

export interface SubmitDependencies {
  readonly backend: Backend;
  readonly now: () => number;
  readonly newId: () => string;
  readonly metrics: Metrics;
  /** How long records and bodies are kept after the email is due, in ms. */
  readonly retentionMs: number;
}

export interface SubmitRequest {
  /** 1 to 100 emails of one request. */
  readonly emails: readonly Email[];
  /** The request as it was received, by which a repeated request is recognised. */
  readonly payload: string;
  readonly queue: QueueName;
  readonly keyId: string;
  readonly idempotencyKey?: string;
}

/**
 * Stores emails — record, body and job, in parallel — and answers their ids in order.
 *
 * With an idempotency key each id is derived from it, so that the conditional insert of the record is the idempotency
 * check. A batch with a key takes one round trip more: its first email decides whether the key is free.
 *
 * @throws 409 `invalid_idempotent_request` when the key was used with another payload in the last 24 hours.
 * @throws 503 when not everything was stored; the caller may repeat the request.
 */
export async function submitEmails(request: SubmitRequest, dependencies: SubmitDependencies): Promise<string[]> {
  const { emails, idempotencyKey } = request;
  // One time for the whole batch: the key must not expire between its first email and the others.
  const nowMs = dependencies.now();
  const indexed = emails.map((email, index) => ({ email, index }));
  const submit = (some: typeof indexed, generation: number) => {
    const drafts = some.map(({ email, index }) => newDraft(request, email, index, generation, nowMs, dependencies));
    return submitDrafts(drafts, request.queue, nowMs, dependencies);
  };
  if (idempotencyKey === undefined) return (await submit(indexed, 0)) ?? [];
  const ids: string[] = [];
  let generation = 0;
  for (const some of [indexed.slice(0, 1), indexed.slice(1)]) {
    if (some.length === 0) continue;
    let submitted = await submit(some, generation);
    while (!submitted) submitted = await submit(some, ++generation);
    ids.push(...submitted);
  }
  return ids;
}

/** Submits drafts and answers their ids; undefined when their generation of the key was used over 24 hours ago. */
async function submitDrafts(
  drafts: readonly Draft[],
  queue: QueueName,
  nowMs: number,
  { backend, metrics }: SubmitDependencies,
): Promise<string[] | undefined> {
  const outcomes = await backend.submit(drafts.map(({ submission }) => submission));
  const ids: string[] = [];
  for (const [index, { record }] of drafts.entries()) {
    const existing = outcomes[index]?.applied ? undefined : (outcomes[index]?.document as EmailRecord | undefined);
    if (existing && isKeyFree(existing.createdAtMs, nowMs)) return undefined;
    if (existing && existing.fingerprint !== record.fingerprint) throw keyReused();
    ids.push(record.id);
  }
  // A repeated request with a key accepts nothing new.
  const accepted = outcomes.filter(({ applied }) => applied).length;
  if (accepted > 0) metrics.count('accepted', queue, accepted);
  return ids;
}

interface Draft {
  readonly record: EmailRecord;
  readonly submission: Submission;
}

function newDraft(
  request: SubmitRequest,
  email: Email,
  index: number,
  generation: number,
  nowMs: number,
  dependencies: SubmitDependencies,
): Draft {
  const { keyId, idempotencyKey, payload, queue } = request;
  const { backend, newId, retentionMs } = dependencies;
  const id = idempotencyKey === undefined ? newId() : keyedId(keyId, idempotencyKey, index, generation);
  const fingerprint = fingerprintOf(payload, index);
  const record = newRecord(email, { id, fingerprint, queue, group: groupOf(keyId) }, nowMs);
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
