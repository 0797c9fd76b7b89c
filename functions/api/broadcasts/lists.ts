import { Hono } from 'hono';
import { type LinkClicks, linkHash, listLinks } from '../../core/broadcast/counting/links.ts';
import {
  bounceTypes,
  type ListedRow,
  listRecipients,
  type Position,
  type RecipientFilter,
  type RowRequest,
  recipientTypes,
} from '../../core/broadcast/counting/recipient-lists.ts';
import { findBroadcast } from '../../core/broadcast/store.ts';
import { type PageRequest, pageOf } from '../../core/document/list.ts';
import { parseMailbox } from '../../core/email/address.ts';
import { invalid, notFound } from '../../core/errors.ts';
import type { Table } from '../../core/ports/table.ts';
import { parseWhole } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';

type Parameters = Readonly<Record<string, string>>;

/** The routes `/broadcasts/{id}/recipients` and `/broadcasts/{id}/clicked-links`. */
export function broadcastListRoutes(table: Table): Hono<Caller> {
  const routes = new Hono<Caller>();

  routes.get('/:id/recipients', async (context) => {
    const query = context.req.query();
    const filter = parseFilter(query);
    const request = parseRows(query);
    const broadcast = await findBroadcast(table, context.req.param('id'));
    const { rows, hasMore, next } = await listRecipients(table, broadcast, filter, request);
    const data = rows.map(recipientView);
    return context.json({ object: 'list', has_more: hasMore, data, ...(next ? { next: cursorOf(next) } : {}) });
  });

  routes.get('/:id/clicked-links', async (context) => {
    const { id } = await findBroadcast(table, context.req.param('id'));
    const links = (await listLinks(table, id)).map(identified);
    const { items, hasMore } = pageOf(links, (link) => link.id, context.req.query() as PageRequest);
    return context.json({ object: 'list', has_more: hasMore, data: items.map(linkView) });
  });

  return routes;
}

const identified = (link: LinkClicks) => ({ id: linkHash(link.url), ...link });

/** A link with its clicks. */
export const linkView = ({ uniqueClicks, ...link }: ReturnType<typeof identified>) => ({
  ...link,
  unique_clicks: uniqueClicks,
});

/** A recipient in a list. */
export function recipientView({ position, contactId, email, count, clickedLinks, bounceType }: ListedRow) {
  return {
    id: cursorOf(position),
    contact_id: contactId ?? null,
    email,
    ...(count === undefined ? {} : { count }),
    ...(clickedLinks === undefined ? {} : { clicked_links: clickedLinks }),
    ...(bounceType === undefined ? {} : { bounce_type: bounceType }),
  };
}

function parseFilter({ type: given, email, bounce_type }: Parameters): RecipientFilter {
  if (given === undefined) throw invalid('Missing `type` parameter.', 'missing_required_field');
  const type = oneOf(recipientTypes, given, 'type');
  if (bounce_type !== undefined && type !== 'bounced')
    throw invalid('Invalid `bounce_type`: it needs `type=bounced`.', 'validation_error');
  const bounceType = bounce_type === undefined ? undefined : oneOf(bounceTypes, bounce_type, 'bounce_type');
  return { type, bounceType, email: email === undefined ? undefined : parseMailbox(email, 'email').address };
}

function oneOf<T extends string>(known: readonly T[], given: string, name: string): T {
  const found = known.find((one) => one === given);
  if (found === undefined) throw invalid(`Invalid \`${name}\`: it must be ${known.join(', ')}.`, 'validation_error');
  return found;
}

function parseRows({ limit = '20', after, before }: Parameters): RowRequest {
  if (after !== undefined && before !== undefined)
    throw invalid('Give either `after` or `before`, not both.', 'validation_error');
  return {
    limit: parseWhole(limit, 'limit', 1, 100),
    after: after === undefined ? undefined : positionOf(after, 'after'),
    before: before === undefined ? undefined : positionOf(before, 'before'),
  };
}

/** The id of a row is only a cursor. */
const cursorOf = ({ n, index }: Position): string => Buffer.from(`${n}.${index}`).toString('base64url');

function positionOf(cursor: string, name: string): Position {
  const [, n, index] = /^(\d{1,9})\.(\d{1,16})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (n === undefined || index === undefined) throw notFound(`The id given as \`${name}\``);
  return { n: Number(n), index: Number(index) };
}
