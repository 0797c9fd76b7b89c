import { Hono } from 'hono';
import { pageOf } from '../../core/document/list.ts';
import {
  type Dkim,
  type DomainStatus,
  domainId,
  findDomain,
  type SenderDomains,
} from '../../core/email/sender-domain.ts';
import { notFound } from '../../core/errors.ts';
import type { Caller } from '../authenticate.ts';

/** SES does not tell when an identity was made, and Resend's clients require a time. */
const UNKNOWN_TIME = new Date(0).toISOString();

/** Where SES hosts the keys that a DKIM record points to, in regions that have a host of their own for it. */
const OWN_DKIM_HOST = new Set([
  'af-south-1',
  'ap-northeast-3',
  'ap-south-2',
  'ap-southeast-3',
  'ap-southeast-5',
  'ca-west-1',
  'eu-central-2',
  'eu-south-1',
  'il-central-1',
  'me-central-1',
  'us-gov-east-1',
]);

/** `GET /domains` and `GET /domains/{id}`: the domains that SES knows, read only. */
export function domainRoutes(domains: SenderDomains, region: string): Hono<Caller> {
  const routes = new Hono<Caller>();

  const view = (name: string, status: DomainStatus | undefined) => ({
    id: domainId(name),
    name,
    status: domainStatus(status),
    created_at: UNKNOWN_TIME,
    region,
    capabilities: { sending: 'enabled', receiving: 'disabled' },
  });

  routes.get('/', async (context) => {
    const { items, hasMore } = pageOf(await domains.names(), domainId, context.req.query());
    const statuses = await domains.statuses(items);
    const data = items.map((name) => view(name, statuses.get(name)));
    return context.json({ object: 'list', has_more: hasMore, data });
  });

  routes.get('/:id', async (context) => {
    const name = await findDomain(domains, context.req.param('id'));
    if (name === undefined) throw notFound('Domain');
    const [statuses, dkim] = await Promise.all([domains.statuses([name]), domains.dkim(name)]);
    return context.json({ object: 'domain', ...view(name, statuses.get(name)), records: records(name, dkim, region) });
  });

  return routes;
}

/** Resend knows no temporary failure of a whole domain: SES still sends from it, but no longer finds its records. */
function domainStatus(status: DomainStatus = 'not_started') {
  return status === 'temporary_failure' ? 'partially_failed' : status;
}

function records(name: string, { tokens, status }: Dkim, region: string) {
  const host = OWN_DKIM_HOST.has(region) ? `dkim.${region}.amazonses.com` : 'dkim.amazonses.com';
  return tokens.map((token) => ({
    record: 'DKIM',
    name: `${token}._domainkey.${name}`,
    type: 'CNAME',
    ttl: 'Auto',
    status,
    value: `${token}.${host}`,
  }));
}
