import { describe, expect, it } from 'vitest';
import { createApiClient } from '../../api-client.ts';
import { plainEmail } from '../../sending-simulation.ts';

const UNKNOWN = '0a1b2c3d-0000-4000-8000-000000000000';

describe('/api-keys', () => {
  it('makes a key that works at once, and tells its token this once', async () => {
    const { ask } = await createApiClient();
    const { status, body } = await ask('POST', '/api-keys', { name: 'Shop', permission: 'sending_access' });
    expect([status, Object.keys(body)]).toEqual([201, ['id', 'token']]);
    const authorization = `Bearer ${body.token}`;
    expect((await ask('POST', '/emails', plainEmail, { authorization })).status).toBe(200);
    expect((await ask('GET', '/emails', undefined, { authorization })).status).toBe(401);
    expect(JSON.stringify((await ask('GET', '/api-keys')).body)).not.toContain(body.token);
  });

  it('gives full access unless told otherwise', async () => {
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
      created_at: '2026-11-21T12:00:00.000Z',
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

  it.each([
    {},
    { name: '' },
    { name: 'x'.repeat(51) },
    { name: 7 },
    { name: 'x', permission: 'admin' },
    { name: 'x', domain_id: '1' },
  ])('answers 422 to %j', async (body) => {
    const { ask } = await createApiClient();
    expect((await ask('POST', '/api-keys', body)).status).toBe(422);
  });

  it('takes names of 1 to 50 characters', async () => {
    const { ask } = await createApiClient();
    for (const name of ['x', 'x'.repeat(50)]) expect((await ask('POST', '/api-keys', { name })).status).toBe(201);
  });

  it('answers 404 to an unknown id', async () => {
    const { ask } = await createApiClient();
    expect((await ask('PATCH', `/api-keys/${UNKNOWN}`, { name: 'x' })).status).toBe(404);
    expect((await ask('DELETE', `/api-keys/${UNKNOWN}`)).body).toMatchObject({
      name: 'not_found',
      message: 'API key not found',
    });
  });
});
