import { documentPages } from '../document/pages.ts';
import { invalid } from '../errors.ts';
import type { Table } from '../ports/table.ts';
import { API_KEY_PARTITION, type ApiKey, apiKeyKey } from './api-key.ts';

/** Longer than a deletion takes: an older mark was left by one that crashed. */
const ABANDONED_MS = 60_000;
const PAGE = 100;

/**
 * Deletes a key; answers whether there was one. The last key with full access is only deleted by `force`.
 *
 * The table cannot change two documents at once, so a deletion first marks its key, then looks for another key with full
 * access that is not marked. Of two simultaneous deletions at least one sees the other's mark and gives up; perhaps both
 * do, and both keys stay. A mark that was left by a crash is removed by the next deletion; if the other one is only slow,
 * it then cannot delete its key any more.
 *
 * @throws 422 when no other key with full access would remain.
 */
export async function deleteApiKey(table: Table, id: string, nowMs: number, { force = false } = {}): Promise<boolean> {
  const key = await table.get<ApiKey>(apiKeyKey(id));
  if (!key) return false;
  if (force || key.permission !== 'full_access') return table.delete(apiKeyKey(id));
  const mark = { deletingAtMs: nowMs };
  const { applied } = await table.update(apiKeyKey(id), { set: mark });
  if (!applied) return false;
  if (await anotherRemains(table, id, nowMs)) return table.delete(apiKeyKey(id), [mark]);
  await table.update(apiKeyKey(id), { remove: ['deletingAtMs'] }, [mark]);
  throw invalid(
    `This is the last API key with full access: without one, the API cannot manage keys. Make another one first, or delete it on the command line: \`sendoff keys revoke ${id} --force\`.`,
    'validation_error',
  );
}

async function anotherRemains(table: Table, id: string, nowMs: number): Promise<boolean> {
  for (const key of await allApiKeys(table)) {
    if (key.id === id || key.permission !== 'full_access') continue;
    if (key.deletingAtMs === undefined) return true;
    if (key.deletingAtMs > nowMs - ABANDONED_MS) continue;
    const left = { deletingAtMs: key.deletingAtMs };
    if ((await table.update(apiKeyKey(key.id), { remove: ['deletingAtMs'] }, [left])).applied) return true;
  }
  return false;
}

/** Every key, newest first. */
export async function allApiKeys(table: Table): Promise<ApiKey[]> {
  const query = { index: 'list', partition: API_KEY_PARTITION, limit: PAGE, order: 'descending' } as const;
  const keys: ApiKey[] = [];
  for await (const page of documentPages<ApiKey>(table, query)) keys.push(...page);
  return keys;
}
