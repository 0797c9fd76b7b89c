import { derivedId, newSecret, sha256 } from './identity.ts';
import type { Table, WriteOutcome } from './ports.ts';
import { timeSort } from './record.ts';

export const permissions = ['full_access', 'sending_access'] as const;
export type Permission = (typeof permissions)[number];

/** An API key as it is stored: of the token only its SHA-256. */
export type ApiKey = {
  readonly id: string;
  readonly name: string;
  readonly permission: Permission;
  readonly tokenHash: string;
  readonly createdAtMs: number;
};

/** What a key is made from. */
export interface NewApiKey {
  readonly name: string;
  readonly permission: Permission;
  /** When the key ends by itself, epoch ms; absent: never. */
  readonly expiresAtMs?: number;
}

export const API_KEY_PARTITION = 'api-key';
export const apiKeyKey = (id: string): string => `api-key#${id}`;

/** Makes secret scanners and people recognise a token. */
const TOKEN_PREFIX = 'so_';

/** Makes a key; its token is told once and never stored. */
export async function createApiKey(
  table: Table,
  options: NewApiKey,
  nowMs: number,
): Promise<{ id: string; token: string }> {
  const token = TOKEN_PREFIX + newSecret();
  const id = await putApiKey(table, token, options, nowMs);
  return { id, token };
}

/** Stores a key for a token that exists already (the local cloud keeps one across restarts); answers its id. */
export async function putApiKey(
  table: Table,
  token: string,
  { name, permission, expiresAtMs }: NewApiKey,
  nowMs: number,
): Promise<string> {
  const tokenHash = sha256(token);
  const id = keyIdOf(tokenHash);
  const fields: ApiKey = { id, name, permission, tokenHash, createdAtMs: nowMs };
  await table.insert({
    key: apiKeyKey(id),
    fields,
    list: { partition: API_KEY_PARTITION, sort: timeSort(nowMs, id) },
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  });
  return id;
}

/** The key this token belongs to; undefined if there is none. */
export async function findApiKey(table: Table, token: string): Promise<ApiKey | undefined> {
  const tokenHash = sha256(token);
  const key = await table.get<ApiKey>(apiKeyKey(keyIdOf(tokenHash)));
  return key?.tokenHash === tokenHash ? key : undefined;
}

export function renameApiKey(table: Table, id: string, name: string): Promise<WriteOutcome<ApiKey>> {
  return table.update<ApiKey>(apiKeyKey(id), { set: { name } });
}

export function deleteApiKey(table: Table, id: string): Promise<boolean> {
  return table.delete(apiKeyKey(id));
}

/** The id follows from the token's hash, so that a token finds its document in one read; it tells nothing of the token. */
const keyIdOf = (tokenHash: string): string => derivedId('api-key', tokenHash);
