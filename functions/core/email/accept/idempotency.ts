import { SendoffError } from '../../errors.ts';
import { derivedId, sha256 } from '../../ids.ts';
import type { Table } from '../../ports/table.ts';
import { type EmailRecord, recordKey } from '../record.ts';
import { limits } from '../schema.ts';

/** After this time an idempotency key is free again, as with Resend. */
const KEY_LIFETIME_MS = 86_400_000;

/** A request with an idempotency key; the key belongs to one API key. */
export interface KeyedRequest {
  /** The request as it was received: a repeated request has the same, another request with this key does not. */
  readonly payload: string;
  readonly keyId: string;
  readonly idempotencyKey: string;
}

/** 400 for an idempotency key that is empty or too long. */
export function checkIdempotencyKey(key: string | undefined): void {
  if (key === undefined || (key.length >= 1 && key.length <= limits.idempotencyKeyLength)) return;
  throw new SendoffError(
    'invalid_idempotency_key',
    400,
    `Idempotency keys, if present, must have between 1 and ${limits.idempotencyKeyLength} characters. This one has ${key.length}.`,
  );
}

/** True when a key that was used at `usedAtMs` is free for another request. */
export const isKeyFree = (usedAtMs: number, nowMs: number): boolean => usedAtMs < nowMs - KEY_LIFETIME_MS;

/**
 * The time when a request with this key and payload was first accepted, in epoch ms; undefined when that was over 24
 * hours ago or never. A repeated request is parsed as of that time, because its `scheduled_at` may have passed since.
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

/** The id of the email at `index` of a request with a key. Each reuse of the key after its lifetime is a new generation. */
export const keyedId = (keyId: string, idempotencyKey: string, index: number, generation: number): string =>
  derivedId(keyId, idempotencyKey, String(index), String(generation));

/** 128 bits of the hash of the whole payload and the index in its batch. */
export const fingerprintOf = (payload: string, index: number): string => sha256(`${index} ${payload}`).slice(0, 32);

/** The error for a key that was used with another payload. */
export function keyReused(): SendoffError {
  return new SendoffError(
    'invalid_idempotent_request',
    409,
    "This idempotency key has been used with this HTTP method and endpoint within the last 24 hours, but the request body was modified and doesn't match the original request.",
  );
}
