import { Hono } from 'hono';
import { pageOf } from '../../core/document/list.ts';
import { domainId, findDomain, type SenderDomains } from '../../core/email/accept/sender-domain.ts';
import { notFound } from '../../core/errors.ts';
import type { Caller } from '../authenticate.ts';
import { domainDetail, domainSummary } from './view.ts';

/** The routes under `/domains`: the domains that SES knows, read only. */
export function domainRoutes(domains: SenderDomains, region: string): Hono<Caller> {
  const routes = new Hono<Caller>();

  routes.get('/', async (context) => {
    const { items, hasMore } = pageOf(await domains.names(), domainId, context.req.query());
    const statuses = await domains.statuses(items);
    const data = items.map((name) => domainSummary(name, statuses.get(name), region));
    return context.json({ object: 'list', has_more: hasMore, data });
  });

  routes.get('/:id', async (context) => {
    const name = await findDomain(domains, context.req.param('id'));
    if (name === undefined) throw notFound('Domain');
    const [statuses, dkim, mailFrom] = await Promise.all([
      domains.statuses([name]),
      domains.dkim(name),
      domains.mailFrom(name),
    ]);
    return context.json(domainDetail(name, statuses.get(name), { dkim, mailFrom }, region));
  });

  return routes;
}
