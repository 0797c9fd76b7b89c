import { timeSort } from '../document/time-sort.ts';
import { domainOf } from '../email/address.ts';
import { SendoffError } from '../errors.ts';
import { derivedId, newSecret, sha256 } from '../ids.ts';
import type { Table, WriteOutcome } from '../ports/table.ts';

/** `read_access` is ours: it sees everything but secrets, and changes nothing. */
export const permissions = ['full_access', 'sending_access', 'read_access'] as const;
export type Permission = (typeof permissions)[number];

/** An API key as it is stored: without its token, only with the SHA-256 of it. */
export type ApiKey = {
  readonly id: string;
  readonly name: string;
  readonly permission: Permission;
  readonly tokenHash: string;
  readonly createdAtMs: number;
  /** The one domain it may send from, in lower case; absent: any. Only a key with `sending_access` has one. */
  readonly domain?: string;
  /** The beginning of the hour in which it was last used, epoch ms; absent: never. */
  readonly lastUsedAtMs?: number;
  /** The second of its last request, epoch ms, and the requests in it; absent without a limit (rate-limit.ts). */
  readonly rateWindowMs?: number;
  readonly rateCount?: number;
  /** When its deletion began, epoch ms; see `deleteApiKey`. */
  readonly deletingAtMs?: number;
};

/** The properties of a new key. */
export interface NewApiKey {
  readonly name: string;
  readonly permission: Permission;
  /** The one domain it may send from, in lower case; absent: any. */
  readonly domain?: string;
  /** When the key expires, epoch ms; absent: never. */
  readonly expiresAtMs?: number;
}

export const API_KEY_PARTITION = 'api-key';
export const apiKeyKey = (id: string): string => `api-key#${id}`;

/** Resend's prefix: some programs refuse keys without it. Keys made by version 0.1 begin with `so_` and still work. */
const TOKEN_PREFIX = 're_';

/** Creates a key; its token is answered once and never stored. */
export async function createApiKey(
  table: Table,
  options: NewApiKey,
  nowMs: number,
): Promise<{ id: string; token: string }> {
  const token = TOKEN_PREFIX + newSecret();
  const id = await putApiKey(table, token, options, nowMs);
  return { id, token };
}

/** Stores a key for an existing token (the local cloud keeps one across restarts); answers its id. */
export async function putApiKey(
  table: Table,
  token: string,
  { name, permission, domain, expiresAtMs }: NewApiKey,
  nowMs: number,
): Promise<string> {
  const tokenHash = sha256(token);
  const id = keyIdOf(token);
  const confined = domain === undefined ? {} : { domain };
  const fields: ApiKey = { id, name, permission, ...confined, tokenHash, createdAtMs: nowMs };
  await table.insert({
    key: apiKeyKey(id),
    fields,
    list: { partition: API_KEY_PARTITION, sort: timeSort(nowMs, id) },
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  });
  return id;
}

const HOUR_MS = 3_600_000;

/** Records that a key is in use: at most one write an hour for each cached copy of the key. */
export async function noteUse(table: Table, { id, lastUsedAtMs = 0 }: ApiKey, nowMs: number): Promise<void> {
  const hourMs = nowMs - (nowMs % HOUR_MS);
  if (lastUsedAtMs >= hourMs) return;
  await table.update(apiKeyKey(id), { set: { lastUsedAtMs: hourMs } }, [
    { lastUsedAtMs: { exists: false } },
    { lastUsedAtMs: { below: hourMs } },
  ]);
}

/**
 * Refuses a sender outside the domain of the key. A subdomain is another domain.
 *
 * @throws 403 `validation_error`, in Resend's words.
 */
export function checkSender({ domain }: ApiKey, address: string): void {
  const sender = domainOf(address);
  if (domain === undefined || sender === domain) return;
  throw new SendoffError('validation_error', 403, `This API key is not authorized to send emails from ${sender}`);
}

/** The key with this token; undefined if there is none. */
export function findApiKey(table: Table, token: string): Promise<ApiKey | undefined> {
  return findKeyOf(table, tokenCredential(token));
}

/** The proof of a request that it may use a key: its token, or a session of it. */
export interface Credential {
  readonly keyId: string;
  /** True if it is one of this key, as it is stored. */
  isOf(key: ApiKey): boolean;
}

export const tokenCredential = (token: string): Credential => ({
  keyId: keyIdOf(token),
  isOf: (key) => isKeyOf(key, token),
});

/** The key of a credential; undefined if there is none. */
export async function findKeyOf(table: Table, { keyId, isOf }: Credential): Promise<ApiKey | undefined> {
  const key = await table.get<ApiKey>(apiKeyKey(keyId));
  return key && isOf(key) ? key : undefined;
}

/** True for the key with this token. */
export const isKeyOf = ({ tokenHash }: ApiKey, token: string): boolean => tokenHash === sha256(token);

/** Renames a key; not applied when there is none. */
export function renameApiKey(table: Table, id: string, name: string): Promise<WriteOutcome<ApiKey>> {
  return table.update<ApiKey>(apiKeyKey(id), { set: { name } });
}

/** The id of the key with this token. It is derived from the token's hash, so that a key is found with one read. */
export const keyIdOf = (token: string): string => derivedId('api-key', sha256(token));
