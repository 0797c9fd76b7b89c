import { createHmac, timingSafeEqual } from 'node:crypto';
import { isId } from '../ids.ts';
import type { ApiKey, Credential } from './api-key.ts';

/** How long a session of the console lasts. */
export const SESSION_MS = 12 * 3_600_000;

/** A session as the browser keeps it. */
export interface Session {
  /** Letters, digits, `.`, `-` and `_`. */
  readonly value: string;
  readonly expiresAtMs: number;
}

/**
 * Signs a session of a key. Nothing is stored: the secret of the signature is the stored hash of the key's token, so that a session ends
 * with its key. It cannot be ended before it expires otherwise.
 */
export function createSession({ id, tokenHash }: Pick<ApiKey, 'id' | 'tokenHash'>, nowMs: number): Session {
  const expiresAtMs = nowMs + SESSION_MS;
  return { value: `${id}.${expiresAtMs}.${signatureOf(tokenHash, id, expiresAtMs)}`, expiresAtMs };
}

/** A session that a request shows; its signature is not checked before its key is read. */
export interface SessionCredential extends Credential {
  readonly value: string;
  readonly expiresAtMs: number;
}

/** Reads the value of a session; undefined if it is none, or has expired. */
export function readSession(value: string, nowMs: number): SessionCredential | undefined {
  const [, keyId = '', expiry = '', signature = ''] = /^([0-9a-f-]{36})\.(\d{1,15})\.([\w-]{43})$/.exec(value) ?? [];
  const expiresAtMs = Number(expiry);
  // A key can be read as long as it is valid, so its own expiry needs no check.
  if (!isId(keyId) || expiresAtMs <= nowMs) return undefined;
  const isOf = ({ id, tokenHash }: ApiKey) =>
    id === keyId && isEqual(signature, signatureOf(tokenHash, id, expiresAtMs));
  return { value, keyId, expiresAtMs, isOf };
}

const signatureOf = (secret: string, keyId: string, expiresAtMs: number): string =>
  createHmac('sha256', secret).update(`console-session\n${keyId}\n${expiresAtMs}`).digest('base64url');

const isEqual = (one: string, other: string): boolean => timingSafeEqual(Buffer.from(one), Buffer.from(other));
