import { Hono } from 'hono';
import { listPage, type Page, type PageRequest } from '../../core/document/list.ts';
import { parseMailbox } from '../../core/email/address.ts';
import { invalid, notFound } from '../../core/errors.ts';
import type { Table } from '../../core/ports/table.ts';
import {
  findSuppression,
  SUPPRESSION_PARTITION,
  type Suppression,
  suppress,
  suppressionKey,
  suppressionOrigins,
  suppressionView,
  unsuppress,
} from '../../core/suppression/suppression.ts';
import { validate } from '../../core/validate.ts';
import type { Publish } from '../../core/webhook/dispatch.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import { addSuppressionSchema, addSuppressionsSchema, removeSuppressionsSchema } from './schema.ts';

/** The routes under `/suppressions`. */
export function suppressionRoutes(table: Table, publish: Publish, now: () => number): Hono<Caller> {
  const routes = new Hono<Caller>();

  const add = (emails: readonly string[], field: string) =>
    suppress(
      table,
      publish,
      emails.map((text) => ({ email: parseMailbox(text, field).address, origin: 'manual', atMs: now() })),
    );

  routes.post('/', async (context) => {
    const { value } = await readJson(context);
    const [id] = await add([validate(addSuppressionSchema, value, ['email']).email], 'email');
    return context.json({ object: 'suppression', id }, 201);
  });

  routes.post('/batch/add', async (context) => {
    const { value } = await readJson(context);
    const ids = await add(validate(addSuppressionsSchema, value, ['emails']).emails, 'emails');
    return context.json({ data: ids.map((id) => ({ object: 'suppression', id })) }, 201);
  });

  routes.post('/batch/remove', async (context) => {
    const { value } = await readJson(context);
    const { emails, ids } = validate(removeSuppressionsSchema, value, ['emails', 'ids']);
    if ((emails === undefined) === (ids === undefined)) throw invalid('Give either `emails` or `ids`.');
    const named = ids ?? (emails ?? []).map((text) => parseMailbox(text, 'emails').address);
    const removed = await unsuppress(table, publish, named, now());
    return context.json({ data: removed.map((one) => ({ object: 'suppression', ...one })) });
  });

  routes.get('/', async (context) => {
    const { origin, ...page } = context.req.query();
    const { items, hasMore } = await pageOf(table, page, origin);
    return context.json({ object: 'list', has_more: hasMore, data: items.map(suppressionView) });
  });

  // An address may have a slash, which some gateways decode.
  routes.get('/:idOrEmail{.+}', async (context) => {
    const found = await findSuppression(table, context.req.param('idOrEmail'));
    if (!found) throw notFound('Suppression');
    return context.json({ object: 'suppression', ...suppressionView(found) });
  });

  routes.delete('/:idOrEmail{.+}', async (context) => {
    const [removed] = await unsuppress(table, publish, [context.req.param('idOrEmail')], now());
    if (!removed?.deleted) throw notFound('Suppression');
    return context.json({ object: 'suppression', ...removed });
  });

  return routes;
}

/** A page, of one origin if asked for: suppressions are few enough to filter the whole list. */
async function pageOf(table: Table, page: PageRequest, origin: string | undefined): Promise<Page<Suppression>> {
  const read = (request: PageRequest) => listPage<Suppression>(table, SUPPRESSION_PARTITION, suppressionKey, request);
  if (origin === undefined) return read(page);
  if (!suppressionOrigins.some((known) => known === origin))
    throw invalid(`Invalid \`origin\`: it must be ${suppressionOrigins.join(' or ')}.`);
  const first = await read(page);
  const limit = Number(page.limit ?? 20);
  const towardsNewer = page.after === undefined && page.before !== undefined;
  const matching = first.items.filter((one) => one.origin === origin);
  let { items, hasMore } = first;
  while (hasMore && matching.length <= limit) {
    const edge = towardsNewer ? items[0] : items.at(-1);
    if (!edge) break;
    const rest = await read({ limit: '100', [towardsNewer ? 'before' : 'after']: edge.id });
    ({ items, hasMore } = rest);
    const found = items.filter((one) => one.origin === origin);
    if (towardsNewer) matching.unshift(...found);
    else matching.push(...found);
  }
  const chosen = towardsNewer ? matching.slice(-limit) : matching.slice(0, limit);
  return { items: chosen, hasMore: matching.length > limit };
}
