import { beforeEach, describe, expect, it } from 'vitest';
import { contactKey } from '../../../../functions/core/audience/contact.ts';
import { type ApiClient, createApiClient } from '../../../helpers/api-client.ts';

const email = 'ada@example.org';
const NOBODY = '00000000-0000-0000-0000-000000000000';
let api: ApiClient;
beforeEach(async () => {
  api = await createApiClient();
});

async function created(path: string, body: unknown): Promise<string> {
  api.clock.nowMs += 1_000;
  const answer = await api.ask('POST', path, body);
  expect([answer.status, answer.body]).toEqual([201, expect.objectContaining({ id: expect.any(String) })]);
  return answer.body.id;
}
const contact = (fields: Record<string, unknown> = {}) => created('/contacts', { email, ...fields });
const segment = (name = 'Customers') => created('/segments', { name });
const get = async (path: string) => (await api.ask('GET', path)).body;
const emailsOf = async (path: string) => (await get(path)).data.map((row: { email: string }) => row.email);

describe('a contact', () => {
  it('is answered with every field that Resend has', async () => {
    await created('/contact-properties', { key: 'plan', type: 'string' });
    await created('/contact-properties', { key: 'points', type: 'number' });
    const id = await contact({ first_name: 'Ada', unsubscribed: true, properties: { plan: 'gold', points: 3 } });
    const row = {
      ...{ id, email, first_name: 'Ada', last_name: null, unsubscribed: true },
      created_at: new Date(api.clock.nowMs).toISOString(),
    };
    const properties = { plan: { type: 'string', value: 'gold' }, points: { type: 'number', value: 3 } };
    for (const name of [id, email, email.toUpperCase(), 'ADA%40example.org'])
      expect(await get(`/contacts/${name}`)).toEqual({ object: 'contact', ...row, properties });
    expect(await get('/contacts')).toEqual({ object: 'list', has_more: false, data: [row] });
  });

  it('is one for each address: creating it again changes what is given', async () => {
    const id = await contact({ first_name: 'Ada', last_name: 'King', unsubscribed: true });
    expect(await contact({ email: 'ADA@Example.org', last_name: 'Lovelace' })).toBe(id);
    expect(await get(`/contacts/${id}`)).toMatchObject({
      ...{ email, first_name: 'Ada', last_name: 'Lovelace', unsubscribed: true },
    });
  });

  it('is changed field by field: null clears a name and a property', async () => {
    for (const key of ['plan', 'city']) await created('/contact-properties', { key, type: 'string' });
    const id = await contact({ first_name: 'Ada', last_name: 'King', properties: { plan: 'gold', city: 'London' } });
    const change = { email, first_name: null, unsubscribed: true, properties: { plan: null, city: 'Paris' } };
    expect(await api.ask('PATCH', `/contacts/${email}`, change)).toMatchObject({
      status: 200,
      body: { object: 'contact', id },
    });
    expect(await get(`/contacts/${id}`)).toMatchObject({
      ...{ first_name: null, last_name: 'King', unsubscribed: true },
      properties: { city: { type: 'string', value: 'Paris' } },
    });
    const answer = await api.ask('PATCH', `/contacts/${id}`, { email: 'other@example.org' });
    expect(answer).toMatchObject({ status: 422, body: { message: expect.stringContaining('`email`') } });
  });

  it('is deleted by id or address, with the answers of the client and of the OpenAPI document', async () => {
    const id = await contact();
    expect(await api.ask('DELETE', `/contacts/${email}`)).toMatchObject({
      status: 200,
      body: { object: 'contact', id, contact: id, deleted: true },
    });
    for (const method of ['GET', 'PATCH', 'DELETE'])
      expect(await api.ask(method, `/contacts/${id}`, method === 'PATCH' ? {} : undefined)).toMatchObject({
        status: 404,
        body: { name: 'not_found', message: 'Contact not found' },
      });
  });

  it('keeps names as they were typed', async () => {
    const first_name = '<b>Ada</b> {{{EMAIL}}}';
    const last_name = 'King\r\nBcc: all@example.org';
    const id = await contact({ first_name, last_name });
    expect(await get(`/contacts/${id}`)).toMatchObject({ first_name, last_name });
  });

  it('may have an address with an international domain, which is found in both forms', async () => {
    const id = await contact({ email: 'ada@bücher.example' });
    expect(await get(`/contacts/${encodeURIComponent('ada@bücher.example')}`)).toMatchObject({ id });
    expect(await get('/contacts/ada@xn--bcher-kva.example')).toMatchObject({ id, email: 'ada@xn--bcher-kva.example' });
  });

  it('is found by an address with a plus, which is no blank', async () => {
    const id = await contact({ email: 'a+b@example.org' });
    for (const name of ['a+b@example.org', 'a%2Bb%40example.org'])
      expect(await get(`/contacts/${name}`)).toMatchObject({ id });
    expect((await api.ask('GET', '/contacts/a%20b@example.org')).status).toBe(404);
  });

  it('takes 200 properties', async () => {
    const keys = Array.from({ length: 200 }, (_, index) => `key_${index}`);
    for (const key of keys) await created('/contact-properties', { key, type: 'string' });
    const id = await contact({ properties: Object.fromEntries(keys.map((key) => [key, 'value'])) });
    expect(Object.keys((await get(`/contacts/${id}`)).properties)).toHaveLength(200);
  });

  it.each([
    [{}, 'missing_required_field', 'Missing `email` field.'],
    [{ email: '' }, 'validation_error', '`email`'],
    [{ email: 'nobody' }, 'validation_error', '`email`'],
    [{ email: `a@b.c\r\nBcc: x@y.z` }, 'validation_error', '`email`'],
    [{ email, firstname: 'Ada' }, 'invalid_parameter', 'Did you mean `first_name`?'],
    [{ email, first_name: 'x'.repeat(501) }, 'invalid_parameter', '`first_name`'],
    [{ email, unsubscribed: 'yes' }, 'invalid_parameter', '`unsubscribed`'],
    [{ email, properties: { plan: ['gold'] } }, 'invalid_parameter', '`properties.plan`'],
    [{ email, properties: { plan: 'gold' } }, 'invalid_parameter', '`properties.plan`'],
    [{ email, segments: [NOBODY] }, 'validation_error', '`segments.0.id`'],
    [{ email, segments: ['no id'] }, 'validation_error', '`segments.0.id`'],
    [{ email, topics: [{ id: NOBODY, subscription: 'opt_in' }] }, 'validation_error', '`topics.0.id`'],
    [{ email, topics: [{ id: NOBODY, subscription: 'maybe' }] }, 'invalid_parameter', '`topics.0.subscription`'],
  ])('is refused for %j, with the name of the field', async (body, name, message) => {
    const answer = await api.ask('POST', '/contacts', body);
    expect(answer).toMatchObject({ status: 422, body: { name, message: expect.stringContaining(message) } });
    expect((await get('/contacts')).data).toEqual([]);
  });

  it('is told to webhooks, once for each change', async () => {
    await api.ask('POST', '/webhooks', {
      endpoint: 'https://hooks.example.com/',
      events: ['contact.created', 'contact.updated', 'contact.deleted'],
    });
    const id = await segment();
    const contactId = await contact({ segments: [id] });
    await api.ask('PATCH', `/contacts/${email}`, { first_name: 'Ada' });
    await api.ask('PATCH', `/contacts/${email}`, { first_name: 'Ada' });
    await api.ask('DELETE', `/contacts/${email}`);
    const events = api.backend.waiting().flatMap(({ job }) => {
      const { event } = job.args as unknown as { event?: { type: string; subject: unknown } };
      return event ? [event] : [];
    });
    const subject = { id: contactId, email, audience_id: id, segment_ids: [id], last_name: null, unsubscribed: false };
    expect(events).toMatchObject([
      { type: 'contact.created', subject: { ...subject, first_name: null } },
      { type: 'contact.updated', subject: { ...subject, first_name: 'Ada' } },
      { type: 'contact.deleted', subject: { ...subject, first_name: 'Ada' } },
    ]);
    expect(JSON.stringify(api.logged)).not.toContain(email);
  });

  it('asks for a key with full access', async () => {
    for (const [method, path] of [
      ['GET', '/contacts'],
      ['POST', '/segments'],
      ['DELETE', `/contacts/${email}`],
    ] as const) {
      const answer = await api.ask(method, path, undefined, { authorization: 'Bearer so_sending' });
      expect(answer).toMatchObject({ status: 401, body: { name: 'restricted_api_key' } });
    }
  });
});

describe('a contact in segments', () => {
  it('is added with both forms of segments, and listed by every path', async () => {
    const [one, other] = [await segment('One'), await segment('Other')];
    const id = await contact({ segments: [{ id: one }, other] });
    await contact({ email: 'bob@example.org', audience_id: one });
    for (const path of [`/segments/${one}/contacts`, `/contacts?segment_id=${one}`, `/audiences/${one}/contacts`])
      expect(await emailsOf(path)).toEqual(['bob@example.org', email]);
    expect(await emailsOf(`/segments/${other}/contacts`)).toEqual([email]);
    const { data } = await get(`/contacts/${id}/segments`);
    expect(data.toSorted((a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1))).toMatchObject([
      { id: one, name: 'One', created_at: expect.any(String) },
      { id: other, name: 'Other' },
    ]);
  });

  it('joins and leaves a segment without a body', async () => {
    const [contactId, segmentId] = [await contact(), await segment()];
    const both = { object: 'contact_segment', id: segmentId, contact_id: contactId, segment_id: segmentId };
    const path = `/contacts/${email}/segments/${segmentId}`;
    for (let times = 0; times < 2; times++)
      expect(await api.ask('POST', path)).toMatchObject({ status: 200, body: both });
    expect(await emailsOf(`/segments/${segmentId}/contacts`)).toEqual([email]);
    expect(await api.ask('DELETE', path)).toMatchObject({ status: 200, body: { ...both, deleted: true } });
    expect(await emailsOf(`/segments/${segmentId}/contacts`)).toEqual([]);
    expect((await api.ask('POST', `/contacts/${email}/segments/${NOBODY}`)).body.message).toBe('Segment not found');
    expect((await api.ask('POST', `/contacts/none@example.org/segments/${segmentId}`)).body.message).toBe(
      'Contact not found',
    );
  });

  it('pages through the members by contact, newest first', async () => {
    const id = await segment();
    const ids: string[] = [];
    for (let index = 0; index < 5; index++)
      ids.unshift(await contact({ email: `p${index}@example.org`, segments: [id] }));
    const page = async (query: string) => {
      const { has_more, data } = await get(`/segments/${id}/contacts?${query}`);
      return [has_more, data.map((row: { id: string }) => row.id)];
    };
    expect(await page('limit=2')).toEqual([true, ids.slice(0, 2)]);
    expect(await page(`limit=2&after=${ids[1]}`)).toEqual([true, ids.slice(2, 4)]);
    expect(await page(`limit=2&after=${ids[3]}`)).toEqual([false, ids.slice(4)]);
    expect(await page(`limit=2&before=${ids[4]}`)).toEqual([true, ids.slice(2, 4)]);
    expect((await api.ask('GET', `/segments/${id}/contacts?after=${NOBODY}`)).status).toBe(404);
    // A contact that is gone while its membership is not leaves no hole that ends the list.
    await api.backend.table.delete(contactKey(ids[0] ?? ''));
    expect(await page('limit=2')).toEqual([true, ids.slice(1, 2)]);
  });
});

describe('a contact of an audience', () => {
  it('is seen only in its audiences, and deleted when it leaves the last one', async () => {
    const [one, other] = [await segment('One'), await segment('Other')];
    const id = await created(`/audiences/${one}/contacts`, { email });
    expect(await get(`/audiences/${one}/contacts/${email}`)).toMatchObject({ object: 'contact', id });
    expect((await api.ask('GET', `/audiences/${other}/contacts/${email}`)).status).toBe(404);
    expect((await api.ask('PATCH', `/audiences/${other}/contacts/${email}`, {})).status).toBe(404);
    await created(`/audiences/${other}/contacts`, { email });
    expect(await api.ask('DELETE', `/audiences/${one}/contacts/${email}`)).toMatchObject({
      status: 200,
      body: { object: 'contact', contact: email, deleted: true },
    });
    expect((await api.ask('GET', `/audiences/${one}/contacts/${email}`)).status).toBe(404);
    expect((await api.ask('GET', `/audiences/${other}/contacts/${email}`)).status).toBe(200);
    await api.ask('DELETE', `/audiences/${other}/contacts/${id}`);
    expect((await api.ask('GET', `/contacts/${email}`)).status).toBe(404);
  });

  it('stays when it is deleted from an audience that it is not in', async () => {
    await contact();
    const answer = await api.ask('DELETE', `/audiences/${await segment()}/contacts/${email}`);
    expect(answer).toMatchObject({ status: 200, body: { deleted: true } });
    expect((await api.ask('GET', `/contacts/${email}`)).status).toBe(200);
  });

  it('is refused by an audience that does not exist', async () => {
    const answer = await api.ask('POST', `/audiences/${NOBODY}/contacts`, { email });
    expect(answer).toMatchObject({ status: 404, body: { message: 'Audience not found' } });
  });
});
