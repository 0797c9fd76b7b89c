import { API_KEY_PARTITION, type ApiKey, apiKeyKey, createApiKey, deleteApiKey } from '../../functions/core/api-key.ts';
import { listPage } from '../../functions/core/list.ts';
import type { Table } from '../../functions/core/ports.ts';
import { validate } from '../../functions/core/validate.ts';
import { notFoundError, usageError } from './cli-error.ts';
import { answer, type Context } from './context.ts';
import { columns, fields, printable, timeOf } from './layout.ts';

const PAGE = 100;
/** API functions remember a verified key for so long (functions/api/authenticate.ts). */
const REVOKED_AFTER_SECONDS = 60;

/** `keys create NAME`: the token alone goes to standard output, so that `KEY=$(sendoff keys create app)` works. */
export async function createKey(context: Context, name: string, { permission }: { permission: string }): Promise<void> {
  const { createKeySchema } = await import('../../functions/api/api-keys.ts');
  const given = validate(createKeySchema, { name, permission });
  const { table } = await context.backend();
  const options = { name: given.name, permission: given.permission ?? 'full_access' } as const;
  const { id, token } = await createApiKey(table, options, context.now());
  if (!context.json) {
    context.terminal.note(
      fields([
        ['Id', id],
        ['Name', given.name],
        ['Permission', options.permission],
      ]),
    );
    context.terminal.note('The key is shown this once; only its hash is kept.\n');
  }
  answer(context, { id, ...options, token }, () => token);
}

/** `keys list`, newest first. */
export async function listKeys(context: Context): Promise<void> {
  const keys = (await allKeys((await context.backend()).table)).map(({ id, name, permission, createdAtMs }) => ({
    id,
    name,
    permission,
    created_at: new Date(createdAtMs).toISOString(),
  }));
  answer(context, keys, () => {
    if (keys.length === 0) return 'No API keys. Make one: sendoff keys create NAME';
    const rows = keys.map((key) => [key.id, printable(key.name), key.permission, timeOf(Date.parse(key.created_at))]);
    return columns(context.terminal, ['ID', 'NAME', 'PERMISSION', 'CREATED'], rows);
  });
}

/** `keys revoke ID`: by id, or by name if only one key has it. */
export async function revokeKey(context: Context, idOrName: string): Promise<void> {
  const { table } = await context.backend();
  const keys = await allKeys(table);
  const found = keys.filter(({ id, name }) => id === idOrName || name === idOrName);
  const [key] = found;
  if (!key) throw notFoundError(`No API key has the id or name ${idOrName}. See: sendoff keys list`);
  if (found.length > 1)
    throw usageError(
      `${found.length} API keys are named ${idOrName}. Give the id: ${found.map(({ id }) => id).join(', ')}`,
    );
  await deleteApiKey(table, key.id);
  answer(
    context,
    { id: key.id, name: key.name, revoked: true },
    () => `Revoked ${printable(key.name)} (${key.id}). It stops working within ${REVOKED_AFTER_SECONDS} s.`,
  );
}

async function allKeys(table: Table): Promise<ApiKey[]> {
  const keys: ApiKey[] = [];
  for (let after: string | undefined; ; ) {
    const page = await listPage<ApiKey>(table, API_KEY_PARTITION, apiKeyKey, { limit: String(PAGE), after });
    keys.push(...page.items);
    after = page.items.at(-1)?.id;
    if (!page.hasMore || !after) return keys;
  }
}
