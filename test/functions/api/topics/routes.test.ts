import { beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../../functions/core/ids.ts';
import { type ApiClient, createApiClient } from '../../../helpers/api-client.ts';

let api: ApiClient;
beforeEach(async () => {
  api = await createApiClient();
});

const offers = { name: 'Offers', default_subscription: 'opt_in' };
async function created(fields: Record<string, unknown> = {}): Promise<string> {
  api.clock.nowMs += 1;
  const { status, body } = await api.ask('POST', '/topics', { ...offers, ...fields });
  expect([status, body]).toEqual([201, { object: 'topic', id: expect.any(String) }]);
  return body.id;
}

describe('/topics', () => {
  it('answers every field that Resend shows; private unless it says otherwise', async () => {
    const id = await created({ description: null, visibility: null });
    expect((await api.ask('GET', `/topics/${id}`)).body).toEqual({
      object: 'topic',
      id,
      ...offers,
      description: null,
      visibility: 'private',
      created_at: new Date(api.clock.nowMs).toISOString(),
    });
  });

  it('lists all topics without parameters, as the client cannot page, and pages with them', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 25; count++) ids.unshift(await created());
    const page = async (query: string) => {
      const { body } = await api.ask('GET', `/topics${query}`);
      return [body.has_more, body.data.map(({ id }: { id: string }) => id)];
    };
    expect(await page('')).toEqual([false, ids]);
    expect(await page('?limit=20')).toEqual([true, ids.slice(0, 20)]);
    expect(await page(`?after=${ids[19]}`)).toEqual([false, ids.slice(20)]);
    expect(await page(`?limit=2&before=${ids[5]}`)).toEqual([true, ids.slice(3, 5)]);
    expect((await api.ask('GET', '/topics?limit=0')).status).toBe(422);
  });

  it('changes name, description and visibility, with the id in the body as the client sends it', async () => {
    const id = await created({ description: 'Weekly' });
    const reference = { object: 'topic', id };
    const change = { id, name: 'Deals', description: null, visibility: 'public' };
    expect((await api.ask('PATCH', `/topics/${id}`, change)).body).toEqual(reference);
    const changed = { name: 'Deals', description: null, visibility: 'public', default_subscription: 'opt_in' };
    expect((await api.ask('GET', `/topics/${id}`)).body).toMatchObject(changed);
    expect((await api.ask('DELETE', `/topics/${id}`)).body).toEqual({ ...reference, deleted: true });
    for (const method of ['GET', 'DELETE']) expect((await api.ask(method, `/topics/${id}`)).status).toBe(404);
    expect((await api.ask('PATCH', `/topics/${id}`, {})).body).toMatchObject({ message: 'Topic not found' });
  });

  it.each([
    [{}, 'missing_required_field', 'Missing `name` field.'],
    [{ name: 'A' }, 'missing_required_field', 'Missing `default_subscription` field.'],
    [{ ...offers, name: '' }, 'invalid_parameter', 'Invalid `name` field: it must have at least 1 characters.'],
    [
      { ...offers, name: 'x'.repeat(51) },
      'invalid_parameter',
      'Invalid `name` field: it must have at most 50 characters.',
    ],
    [{ ...offers, description: 'x'.repeat(201) }, 'invalid_parameter', expect.stringContaining('200')],
    [{ ...offers, default_subscription: 'in' }, 'invalid_parameter', expect.stringContaining('"opt_in" or "opt_out"')],
    [{ ...offers, visibility: 'hidden' }, 'invalid_parameter', expect.stringContaining('"public" or "private"')],
    [{ ...offers, nmae: 'A' }, 'invalid_parameter', expect.stringContaining('`nmae`')],
  ])('refuses %j', async (body, name, message) => {
    const answer = await api.ask('POST', '/topics', body);
    expect([answer.status, answer.body]).toEqual([422, { statusCode: 422, name, message }]);
  });

  it('refuses to change the default, which would change what contacts agreed to', async () => {
    const answer = await api.ask('PATCH', `/topics/${await created()}`, { default_subscription: 'opt_out' });
    expect([answer.status, answer.body.name]).toEqual([422, 'invalid_parameter']);
  });
});

describe('/contacts/{contact}/topics', () => {
  const email = 'a+b@example.org';
  let contactId: string;
  beforeEach(async () => {
    contactId = (await api.ask('POST', '/contacts', { email })).body.id;
  });
  const subscriptions = async (contact: string) => {
    const { body } = await api.ask('GET', `/contacts/${contact}/topics`);
    return Object.fromEntries(body.data.map((one: { id: string; subscription: string }) => [one.id, one.subscription]));
  };

  it('shows the default where nothing was chosen, and pages', async () => {
    const [one, other] = [await created({ description: 'Weekly' }), await created({ default_subscription: 'opt_out' })];
    expect((await api.ask('GET', `/contacts/${email}/topics`)).body).toEqual({
      object: 'list',
      has_more: false,
      data: [
        { id: other, name: 'Offers', description: null, subscription: 'opt_out' },
        { id: one, name: 'Offers', description: 'Weekly', subscription: 'opt_in' },
      ],
    });
    const { body } = await api.ask('GET', `/contacts/${contactId}/topics?limit=1`);
    expect([body.has_more, body.data.map(({ id }: { id: string }) => id)]).toEqual([true, [other]]);
  });

  it('is set by the bare list of the clients and by the object of the OpenAPI document, by id or address', async () => {
    const [one, other] = [await created(), await created()];
    const topics = [{ id: one, subscription: 'opt_out' }];
    expect((await api.ask('PATCH', `/contacts/${email}/topics`, topics)).body).toEqual({
      object: 'contact_topics',
      id: contactId,
      contact_id: contactId,
      topics,
    });
    expect(await subscriptions(contactId)).toEqual({ [one]: 'opt_out', [other]: 'opt_in' });
    const both = [one, other].map((id) => ({ id, subscription: 'opt_in' }));
    expect((await api.ask('PATCH', `/contacts/${contactId}/topics`, { topics: both })).status).toBe(200);
    expect(await subscriptions(encodeURIComponent(email))).toEqual({ [one]: 'opt_in', [other]: 'opt_in' });
  });

  it.each([
    [[{ id: newId(), subscription: 'opt_in' }], 'Invalid `topics.0.id` field: there is no topic with this id.'],
    [[{ id: 'x' }], 'Missing `topics.0.subscription` field.'],
    [{ topics: [{ id: 'x', subscription: 'maybe' }] }, expect.stringContaining('`topics.0.subscription`')],
    [{ topics: [], topic: [] }, 'Unknown field `topic`. Did you mean `topics`?'],
    [{}, 'Missing `topics` field.'],
  ])('refuses %j', async (body, message) => {
    const answer = await api.ask('PATCH', `/contacts/${email}/topics`, body);
    expect([answer.status, answer.body.message]).toEqual([422, message]);
  });

  it('is not there without the contact', async () => {
    for (const contact of ['nobody@example.org', newId(), 'x']) {
      const read = await api.ask('GET', `/contacts/${contact}/topics`);
      const written = await api.ask('PATCH', `/contacts/${contact}/topics`, []);
      expect([read.status, written.status, written.body.message]).toEqual([404, 404, 'Contact not found']);
    }
  });
});
