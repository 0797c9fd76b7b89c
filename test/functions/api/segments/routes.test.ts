import { beforeEach, describe, expect, it } from 'vitest';
import { type ApiClient, createApiClient } from '../../../helpers/api-client.ts';

const NOBODY = '00000000-0000-0000-0000-000000000000';
let api: ApiClient;
beforeEach(async () => {
  api = await createApiClient();
});

describe.each(['segment', 'audience'])('/%ss', (object) => {
  const path = `/${object}s`;

  it('creates, lists, renames and deletes one, with the word of its path', async () => {
    const { status, body } = await api.ask('POST', path, { name: 'Customers' });
    expect([status, body]).toEqual([201, { object, id: expect.any(String), name: 'Customers' }]);
    const { id } = body;
    const row = { id, name: 'Customers', created_at: new Date(api.clock.nowMs).toISOString(), contact_count: 0 };
    expect((await api.ask('GET', path)).body).toEqual({ object: 'list', has_more: false, data: [row] });
    expect((await api.ask('GET', `${path}/${id}`)).body).toEqual({ object, ...row });
    expect((await api.ask('PATCH', `${path}/${id}`, { name: 'Friends' })).body).toEqual({ object, id });
    expect((await api.ask('GET', `${path}/${id}`)).body.name).toBe('Friends');
    expect((await api.ask('DELETE', `${path}/${id}`)).body).toEqual({ object, id, deleted: true });
    expect((await api.ask('GET', path)).body.data).toEqual([]);
    for (const answer of [
      await api.ask('GET', `${path}/${id}`),
      await api.ask('PATCH', `${path}/${id}`, { name: 'x' }),
    ])
      expect(answer).toMatchObject({
        status: 404,
        body: { name: 'not_found', message: expect.stringMatching(/not found$/) },
      });
  });

  it('tells the number of its contacts', async () => {
    const { id } = (await api.ask('POST', path, { name: 'Customers' })).body;
    for (const email of ['a@example.org', 'b@example.org'])
      await api.ask('POST', '/contacts', { email, segments: [{ id }] });
    expect((await api.ask('GET', `${path}/${id}`)).body.contact_count).toBe(2);
    expect((await api.ask('GET', path)).body.data).toMatchObject([{ id, contact_count: 2 }]);
  });

  it('answers to the deletion of one that never existed as Resend does, and queues nothing', async () => {
    expect(await api.ask('DELETE', `${path}/${NOBODY}`)).toMatchObject({
      status: 200,
      body: { object, id: NOBODY, deleted: true },
    });
    expect(await api.ask('DELETE', `${path}/no-id`)).toMatchObject({ status: 404, body: { name: 'not_found' } });
    expect(api.backend.waiting()).toEqual([]);
  });

  it.each([
    [{}, 'missing_required_field', 'Missing `name` field.'],
    [{ name: '' }, 'invalid_parameter', '`name`'],
    [{ name: 'x'.repeat(201) }, 'invalid_parameter', '`name`'],
    [{ name: 'x', filter: {} }, 'invalid_parameter', 'Unknown field `filter`'],
  ])('refuses %j', async (body, name, message) => {
    const answer = await api.ask('POST', path, body);
    expect(answer).toMatchObject({ status: 422, body: { name, message: expect.stringContaining(message) } });
  });

  it('lists no contacts of one that does not exist', async () => {
    expect((await api.ask('GET', `${path}/${NOBODY}/contacts`)).status).toBe(404);
    expect((await api.ask('GET', `/contacts?segment_id=${NOBODY}`)).status).toBe(404);
  });
});
