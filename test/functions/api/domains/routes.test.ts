import { describe, expect, it } from 'vitest';
import { isId } from '../../../../functions/core/ids.ts';
import { createApiClient } from '../../../helpers/api-client.ts';

describe('/domains', () => {
  it('lists the domains that SES knows, each with a unique id that does not change', async () => {
    const { ask, verification } = await createApiClient();
    verification.set('example.org', 'pending');
    const { status, body } = await ask('GET', '/domains');
    expect(status).toBe(200);
    expect(body).toMatchObject({ object: 'list', has_more: false });
    expect(body.data).toMatchObject([
      { name: 'example.com', status: 'verified', region: 'eu-west-1' },
      { name: 'example.org', status: 'pending', capabilities: { sending: 'enabled', receiving: 'disabled' } },
    ]);
    const ids = body.data.map(({ id }: { id: string }) => id);
    expect([new Set(ids).size, ids.every(isId)]).toEqual([2, true]);
    expect((await ask('GET', '/domains')).body).toEqual(body);
  });

  it('shows the DNS records that a domain needs', async () => {
    const { ask } = await createApiClient();
    const [{ id }] = (await ask('GET', '/domains')).body.data;
    const { body } = await ask('GET', `/domains/${id}`);
    expect(body).toMatchObject({ object: 'domain', id, name: 'example.com', status: 'verified' });
    expect(body.records[0]).toEqual({
      record: 'DKIM',
      name: 'example.com-1._domainkey.example.com',
      type: 'CNAME',
      ttl: 'Auto',
      status: 'verified',
      value: 'example.com-1.dkim.amazonses.com',
    });
    expect(body.records).toHaveLength(2);
  });

  it('shows the records of the envelope sender first, when it has a domain', async () => {
    const { ask, verification } = await createApiClient();
    verification.set('example.org', 'verified');
    const [, { id }] = (await ask('GET', '/domains')).body.data;
    const { records } = (await ask('GET', `/domains/${id}`)).body;
    const common = { record: 'SPF', name: 'bounce.example.org', ttl: 'Auto', status: 'pending' };
    expect(records.slice(0, 2)).toEqual([
      { ...common, type: 'MX', priority: 10, value: 'feedback-smtp.eu-west-1.amazonses.com' },
      { ...common, type: 'TXT', value: '"v=spf1 include:amazonses.com ~all"' },
    ]);
    expect(records.map(({ record }: { record: string }) => record)).toEqual(['SPF', 'SPF', 'DKIM', 'DKIM']);
  });

  it('pages in both directions', async () => {
    const { ask, verification } = await createApiClient();
    for (const name of ['b.example', 'c.example', 'd.example']) verification.set(name, 'verified');
    const page = async (query: string) => {
      const { body } = await ask('GET', `/domains?${query}`);
      return { ids: body.data.map(({ id }: { id: string }) => id), more: body.has_more };
    };
    const all = await page('');
    expect([all.ids.length, all.more]).toEqual([4, false]);
    expect(await page('limit=2')).toEqual({ ids: all.ids.slice(0, 2), more: true });
    expect(await page(`limit=2&after=${all.ids[1]}`)).toEqual({ ids: all.ids.slice(2), more: false });
    expect(await page(`limit=2&before=${all.ids[3]}`)).toEqual({ ids: all.ids.slice(1, 3), more: true });
    expect(await page(`limit=1&before=${all.ids[1]}`)).toEqual({ ids: all.ids.slice(0, 1), more: false });
    expect(await page(`after=${all.ids[3]}`)).toEqual({ ids: [], more: false });
  });

  it.each([
    ['/domains/0a1b2c3d-0000-4000-8000-000000000000', 404],
    ['/domains/x', 404],
    ['/domains?after=x', 404],
    ['/domains?limit=0', 422],
    ['/domains?limit=101', 422],
  ])('answers %s: %i', async (path, status) => {
    const { ask } = await createApiClient();
    expect((await ask('GET', path)).status).toBe(status);
  });

  it('refuses a key with sending_access', async () => {
    const { ask } = await createApiClient();
    const answer = await ask('GET', '/domains', undefined, { authorization: 'Bearer so_sending' });
    expect([answer.status, answer.body.name]).toEqual([401, 'restricted_api_key']);
  });
});
