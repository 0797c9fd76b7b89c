import { createApiKey } from '../../../functions/core/access/api-key.ts';
import { allApiKeys, deleteApiKey } from '../../../functions/core/access/api-key-deletion.ts';
import { domainOf, parseMailbox } from '../../../functions/core/email/address.ts';
import { iso, isoOrNull } from '../../../functions/core/iso-time.ts';
import { validate } from '../../../functions/core/validate.ts';
import { answer, type Context } from '../context.ts';
import { notFoundError, usageError } from '../errors.ts';
import { columns, fields, printable, timeOf } from '../layout.ts';

/** API functions cache a verified key for this long (functions/api/authenticate.ts). */
const REVOKED_AFTER_SECONDS = 60;

export interface CreateKeyOptions {
  readonly permission: string;
  /** The one domain it may send from. */
  readonly domain?: string;
}

/** `keys create NAME`: the token alone goes to standard output, so that `KEY=$(sendoff keys create app)` works. */
export async function createKey(
  context: Context,
  name: string,
  { permission, domain }: CreateKeyOptions,
): Promise<void> {
  const { createKeySchema } = await import('../../../functions/core/access/api-key-input.ts');
  const given = validate(createKeySchema, { name, permission });
  if (domain !== undefined && given.permission !== 'sending_access')
    throw usageError('--domain confines a key that may only send: leave out --permission.');
  const { table } = await context.backend();
  const confined = domain === undefined ? {} : { domain: parseDomain(domain) };
  const options = { name: given.name, permission: given.permission ?? 'full_access', ...confined } as const;
  const { id, token } = await createApiKey(table, options, context.now());
  if (!context.json) {
    context.terminal.note(
      fields([
        ['Id', id],
        ['Name', given.name],
        ['Permission', options.permission],
        ...(options.domain === undefined ? [] : [['Domain', options.domain] as const]),
      ]),
    );
    context.terminal.note('The key is shown this once; only its hash is kept.\n');
  }
  answer(context, { id, ...options, token }, () => token);
}

/** The domain in the form in which senders are compared; throws a 422 if the text is no domain. */
const parseDomain = (text: string): string => domainOf(parseMailbox(`sender@${text}`, 'domain').address);

/** `keys list`, newest first. */
export async function listKeys(context: Context): Promise<void> {
  const all = await allApiKeys((await context.backend()).table);
  const keys = all.map(({ id, name, permission, domain, createdAtMs, lastUsedAtMs }) => ({
    id,
    name,
    permission,
    domain: domain ?? null,
    created_at: iso(createdAtMs),
    last_used_at: isoOrNull(lastUsedAtMs),
  }));
  answer(context, keys, () => {
    if (keys.length === 0) return 'No API keys. Make one: sendoff keys create NAME';
    const rows = keys.map((key) => [
      key.id,
      printable(key.name),
      key.domain === null ? key.permission : `${key.permission} from ${key.domain}`,
      timeOf(Date.parse(key.created_at)),
      key.last_used_at === null ? 'never' : timeOf(Date.parse(key.last_used_at)),
    ]);
    return columns(context.terminal, ['ID', 'NAME', 'PERMISSION', 'CREATED', 'LAST USED'], rows);
  });
}

/** `keys revoke ID`: by id, or by name if only one key has it; the last key with full access only by `--force`. */
export async function revokeKey(context: Context, idOrName: string, options: { force?: boolean }): Promise<void> {
  const { table } = await context.backend();
  const keys = await allApiKeys(table);
  const found = keys.filter(({ id, name }) => id === idOrName || name === idOrName);
  const [key] = found;
  if (!key) throw notFoundError(`No API key has the id or name ${idOrName}. See: sendoff keys list`);
  if (found.length > 1)
    throw usageError(
      `${found.length} API keys are named ${idOrName}. Give the id: ${found.map(({ id }) => id).join(', ')}`,
    );
  await deleteApiKey(table, key.id, context.now(), options);
  answer(
    context,
    { id: key.id, name: key.name, revoked: true },
    () => `Revoked ${printable(key.name)} (${key.id}). It stops working within ${REVOKED_AFTER_SECONDS} s.`,
  );
}
