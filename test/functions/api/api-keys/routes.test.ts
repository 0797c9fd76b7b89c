import { describe, expect, it } from 'vitest';
import { putApiKey } from '../../../../functions/core/access/api-key.ts';
import { createApiClient } from '../../../helpers/api-client.ts';
import { plainEmail } from '../../../helpers/sending-simulation.ts';

const UNKNOWN = '0a1b2c3d-0000-4000-8000-000000000000';

describe('/api-keys', () => {
  it('makes a key that works at once, and shows its token only this once', async () => {
    const { ask } = await createApiClient();
    const { status, body } = await ask('POST', '/api-keys', { name: 'Shop', permission: 'sending_access' });
    expect([status, Object.keys(body)]).toEqual([201, ['id', 'token']]);
    const authorization = `Bearer ${body.token}`;
    expect((await ask('POST', '/emails', plainEmail, { authorization })).status).toBe(200);
    expect((await ask('GET', '/emails', undefined, { authorization })).status).toBe(401);
    expect(JSON.stringify((await ask('GET', '/api-keys')).body)).not.toContain(body.token);
  });

  it('gives full access by default', async () => {
    const { ask } = await createApiClient();
    const { body } = await ask('POST', '/api-keys', { name: 'Shop' });
    expect((await ask('GET', '/emails', undefined, { authorization: `Bearer ${body.token}` })).status).toBe(200);
  });

  it('lists keys, newest first', async () => {
    const { ask } = await createApiClient();
    const { body } = await ask('POST', '/api-keys', { name: 'Shop' });
    const { body: list } = await ask('GET', '/api-keys?limit=2');
    expect(list).toMatchObject({ object: 'list', has_more: true, data: [{ id: body.id }, { name: 'Sending' }] });
    expect(list.data[0]).toEqual({
      id: body.id,
      name: 'Shop',
      permission: 'full_access',
      domain_id: null,
      created_at: '2026-11-21T12:00:00.000Z',
      last_used_at: null,
    });
  });

  it('renames and deletes', async () => {
    const { ask } = await createApiClient();
    const { body } = await ask('POST', '/api-keys', { name: 'Shop' });
    expect((await ask('PATCH', `/api-keys/${body.id}`, { name: 'Store' })).body).toEqual({
      object: 'api_key',
      id: body.id,
    });
    expect((await ask('GET', '/api-keys?limit=1')).body.data[0].name).toBe('Store');
    expect((await ask('DELETE', `/api-keys/${body.id}`)).body).toEqual({
      object: 'api_key',
      id: body.id,
      deleted: true,
    });
    expect((await ask('DELETE', `/api-keys/${body.id}`)).status).toBe(404);
    const authorization = `Bearer ${body.token}`;
    expect((await ask('GET', '/emails', undefined, { authorization })).status).toBe(403);
  });

  it.each([{}, { name: 'x'.repeat(51) }, { name: 7 }, { name: 'x', permission: 'admin' }, { name: 'x', domain_id: 7 }])(
    'answers 422 to %j',
    async (body) => {
      const { ask } = await createApiClient();
      expect((await ask('POST', '/api-keys', body)).status).toBe(422);
    },
  );

  it('accepts names of 0 to 50 characters, as Resend does', async () => {
    const { ask } = await createApiClient();
    for (const name of ['', 'x', 'x'.repeat(50)]) expect((await ask('POST', '/api-keys', { name })).status).toBe(201);
  });

  it('answers 404 to an unknown id', async () => {
    const { ask } = await createApiClient();
    expect((await ask('PATCH', `/api-keys/${UNKNOWN}`, { name: 'x' })).status).toBe(404);
    expect((await ask('DELETE', `/api-keys/${UNKNOWN}`)).body).toMatchObject({
      name: 'not_found',
      message: 'API key not found',
    });
  });

  it('makes keys with Resend’s prefix, which programs check, and accepts those of version 0.1', async () => {
    const { ask, backend } = await createApiClient();
    expect((await ask('POST', '/api-keys', { name: 'Shop' })).body.token).toMatch(/^re_[\w-]{43}$/);
    await putApiKey(backend.table, 'so_old', { name: 'Old', permission: 'full_access' }, 1);
    expect((await ask('GET', '/emails', undefined, { authorization: 'Bearer so_old' })).status).toBe(200);
  });

  it('shows when a key was last used, to the hour', async () => {
    const { ask, clock } = await createApiClient();
    clock.nowMs += 90 * 60_000;
    await ask('GET', '/emails');
    const { data } = (await ask('GET', '/api-keys')).body;
    const used = data.map((key: { name: string; last_used_at: string }) => [key.name, key.last_used_at]);
    expect(used).toEqual([
      ['Sending', null],
      ['Full', '2026-11-21T13:00:00.000Z'],
    ]);
  });

  it('does not delete the last key with full access, and says how to do it', async () => {
    const { ask } = await createApiClient();
    const [, { id }] = (await ask('GET', '/api-keys')).body.data;
    expect(await ask('DELETE', `/api-keys/${id}`)).toMatchObject({
      status: 422,
      body: { name: 'validation_error', message: expect.stringContaining('--force') },
    });
    const other = (await ask('POST', '/api-keys', { name: 'Another' })).body;
    const authorization = `Bearer ${other.token}`;
    expect((await ask('DELETE', `/api-keys/${id}`, undefined, { authorization })).status).toBe(200);
    expect((await ask('DELETE', `/api-keys/${other.id}`, undefined, { authorization })).status).toBe(422);
  });
});

describe('a key with a domain_id', () => {
  const confined = async () => {
    const client = await createApiClient();
    client.verification.set('example.org', 'pending');
    const domains = (await client.ask('GET', '/domains')).body.data;
    const domain_id = domains.find(({ name }: { name: string }) => name === 'example.org').id;
    const { body, status } = await client.ask('POST', '/api-keys', {
      name: 'Shop',
      permission: 'sending_access',
      domain_id,
    });
    expect(status).toBe(201);
    return { ...client, domain_id, headers: { authorization: `Bearer ${body.token}` } };
  };

  it('may send from that domain; any other is refused in Resend’s words', async () => {
    const { ask, headers, domain_id } = await confined();
    expect((await ask('POST', '/emails', { ...plainEmail, from: 'A <a@EXAMPLE.org>' }, headers)).status).toBe(200);
    for (const from of ['a@example.com', 'a@mail.example.org'])
      expect(await ask('POST', '/emails', { ...plainEmail, from }, headers)).toMatchObject({
        status: 403,
        body: {
          name: 'validation_error',
          message: `This API key is not authorized to send emails from ${from.slice(2)}`,
        },
      });
    expect((await ask('GET', '/api-keys?limit=1')).body.data[0]).toMatchObject({ domain_id });
  });

  it.each(['strict', 'permissive'])(
    'refuses a whole batch in %s mode if one sender has another domain',
    async (mode) => {
      const { ask, headers, backend } = await confined();
      const batch = ['a@example.org', 'a@example.com'].map((from) => ({ ...plainEmail, from }));
      const answer = await ask('POST', '/emails/batch', batch, { ...headers, 'x-batch-validation': mode });
      expect([answer.status, backend.waiting()]).toEqual([403, []]);
    },
  );

  it('cannot be made for an unknown domain or with full access', async () => {
    const { ask, domain_id } = await confined();
    const make = (more: object) => ask('POST', '/api-keys', { name: 'x', ...more });
    expect(await make({ permission: 'sending_access', domain_id: UNKNOWN })).toMatchObject({
      status: 404,
      body: { message: 'Domain not found' },
    });
    for (const more of [{ domain_id }, { domain_id, permission: 'full_access' }])
      expect((await make(more)).status).toBe(422);
    expect((await make({ domain_id: null })).status).toBe(201);
  });
});
