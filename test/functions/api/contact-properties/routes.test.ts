import { beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../../functions/core/ids.ts';
import { type ApiClient, createApiClient } from '../../../helpers/api-client.ts';

let api: ApiClient;
beforeEach(async () => {
  api = await createApiClient();
});

const company = { key: 'company_name', type: 'string', fallback_value: 'your company' };
const created = async (fields: Record<string, unknown> = {}) => {
  const { status, body } = await api.ask('POST', '/contact-properties', { ...company, ...fields });
  expect([status, body]).toEqual([201, { object: 'contact_property', id: expect.any(String) }]);
  return body.id;
};

describe('/contact-properties', () => {
  it('answers every field that Resend shows', async () => {
    const id = await created();
    const shown = {
      object: 'contact_property',
      id,
      ...company,
      created_at: new Date(api.clock.nowMs).toISOString(),
    };
    expect((await api.ask('GET', `/contact-properties/${id}`)).body).toEqual(shown);
    const points = await created({ key: 'points', type: 'number', fallback_value: null });
    expect((await api.ask('GET', '/contact-properties?limit=1')).body).toMatchObject({
      object: 'list',
      has_more: true,
    });
    const { data } = (await api.ask('GET', '/contact-properties')).body;
    expect(data).toHaveLength(2);
    expect(data).toContainEqual(shown);
    expect(data).toContainEqual(expect.objectContaining({ id: points, type: 'number', fallback_value: null }));
  });

  it('changes only the fallback, which null removes and an absent one leaves', async () => {
    const id = await created();
    const fallback = async () => (await api.ask('GET', `/contact-properties/${id}`)).body.fallback_value;
    const change = (body: object) => api.ask('PATCH', `/contact-properties/${id}`, body);
    expect(await change({ id, fallback_value: 'you' })).toMatchObject({ status: 200, body: { id } });
    expect(await fallback()).toBe('you');
    await change({});
    expect(await fallback()).toBe('you');
    await change({ fallback_value: null });
    expect(await fallback()).toBeNull();
    expect((await change({ fallback_value: 5 })).body.message).toBe(
      'Invalid `fallback_value` field: it must be of type string.',
    );
    expect((await change({ key: 'other' })).status).toBe(422);
  });

  it('deletes a property, whose key can be used again, with another type', async () => {
    const id = await created();
    expect((await api.ask('DELETE', `/contact-properties/${id}`)).body).toEqual({
      object: 'contact_property',
      id,
      deleted: true,
    });
    await created({ type: 'number', fallback_value: 0 });
  });

  it.each([
    [{}, 'missing_required_field', 'Missing `key` field.'],
    [{ key: 'a' }, 'missing_required_field', 'Missing `type` field.'],
    [{ ...company, key: 'a b' }, 'invalid_parameter', expect.stringContaining('`key`')],
    [{ ...company, key: '' }, 'invalid_parameter', expect.stringContaining('`key`')],
    [{ ...company, key: 'x'.repeat(51) }, 'invalid_parameter', expect.stringContaining('50')],
    [{ ...company, key: 'email' }, 'invalid_parameter', 'Invalid `key` field: `email` is reserved.'],
    [{ ...company, key: '__proto__' }, 'invalid_parameter', 'Invalid `key` field: `__proto__` is reserved.'],
    [{ ...company, key: 'taken' }, 'validation_error', 'Invalid `key` field: there is a property `taken` already.'],
    [{ ...company, type: 'boolean' }, 'invalid_parameter', expect.stringContaining('"string" or "number"')],
    [{ ...company, type: 'number' }, 'invalid_parameter', 'Invalid `fallback_value` field: it must be of type number.'],
    [{ ...company, fallback_value: 'x'.repeat(2_001) }, 'invalid_parameter', expect.stringContaining('2000')],
    [
      { ...company, fallbackValue: 'x' },
      'invalid_parameter',
      expect.stringContaining('Did you mean `fallback_value`?'),
    ],
  ])('refuses %j', async (body, name, message) => {
    await created({ key: 'taken' });
    const answer = await api.ask('POST', '/contact-properties', body);
    expect([answer.status, answer.body]).toEqual([422, { statusCode: 422, name, message }]);
  });

  it.each([-2e84, 5e-324])('refuses %d, a number that the table cannot hold', async (fallback_value) => {
    const answer = await api.ask('POST', '/contact-properties', {
      key: 'visits',
      type: 'number',
      fallback_value,
    });
    expect(answer).toMatchObject({ status: 422, body: { message: expect.stringContaining('`fallback_value`') } });
  });

  it('does not find what is not there', async () => {
    for (const id of [newId(), 'x', 'company_name'])
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        const body = method === 'PATCH' ? { fallback_value: null } : undefined;
        const answer = await api.ask(method, `/contact-properties/${id}`, body);
        expect([answer.status, answer.body.message]).toEqual([404, 'Contact property not found']);
      }
  });
});
