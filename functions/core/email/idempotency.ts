import { SendoffError } from '../errors.ts';
import { derivedId, sha256 } from '../ids.ts';
import type { Table } from '../ports/table.ts';
import { type EmailRecord, recordKey } from './record.ts';

/** An idempotency key is free again after this long, as with Resend. */
const KEY_LIFETIME_MS = 86_400_000;

/** A request under an idempotency key: the key belongs to one API key. */
export interface KeyedRequest {
  /** The request as it was sent to us: tells a repeated request from another one under the same key. */
  readonly payload: string;
  readonly keyId: string;
  readonly idempotencyKey: string;
}

/** Whether a key that was used at `usedAtMs` is free for another request. */
export const isKeyFree = (usedAtMs: number, nowMs: number): boolean => usedAtMs < nowMs - KEY_LIFETIME_MS;

/**
 * When a request with this key and payload was first accepted, in epoch ms; undefined when that was over 24 hours ago or
 * never. A repeated request is read as of that time: a `scheduled_at` in it may have passed since.
 */
export async function firstAcceptedAt(
  table: Table,
  { payload, keyId, idempotencyKey }: KeyedRequest,
  nowMs: number,
): Promise<number | undefined> {
  for (let generation = 0; ; generation++) {
    const record = await table.get<EmailRecord>(recordKey(keyedId(keyId, idempotencyKey, 0, generation)));
    if (!record) return undefined;
    if (!isKeyFree(record.createdAtMs, nowMs))
      return record.fingerprint === fingerprintOf(payload, 0) ? record.createdAtMs : undefined;
  }
}

/** The id of the email at `index` of a keyed request; each time the key is used again after its lifetime is a generation. */
export const keyedId = (keyId: string, idempotencyKey: string, index: number, generation: number): string =>
  derivedId(keyId, idempotencyKey, String(index), String(generation));

/** 128 bits; the index keeps the emails of a batch apart, the whole payload ties them together. */
export const fingerprintOf = (payload: string, index: number): string => sha256(`${index} ${payload}`).slice(0, 32);

/** The answer to a key that is in use with another payload. */
export function keyReused(): SendoffError {
  return new SendoffError(
    'invalid_idempotent_request',
    409,
    "This idempotency key has been used with this HTTP method and endpoint within the last 24 hours, but the request body was modified and doesn't match the original request.",
  );
}
