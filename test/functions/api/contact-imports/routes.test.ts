import { type ErrorResponse, Resend } from 'resend';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { audienceTasks } from '../../../../functions/core/audience/tasks.ts';
import { createWriters } from '../../../../functions/core/document/writers.ts';
import { createWorker } from '../../../../functions/core/task/worker.ts';
import { type ApiClient, createApiClient, FULL_KEY, SENDING_KEY } from '../../../helpers/api-client.ts';

let api: ApiClient;
let resend: Resend;
beforeEach(async () => {
  api = await createApiClient();
  resend = clientWith(FULL_KEY);
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => api.app.fetch(new Request(url, init)));
});
afterEach(() => void vi.unstubAllGlobals());
const clientWith = (key: string) => new Resend(key, { baseUrl: 'http://api.example' });

const csv = (text: string) => new Blob([text], { type: 'text/csv' });

/** The data of an answer, or a failed test. */
function dataOf<T>({ data, error }: { data: T | null; error: ErrorResponse | null }): T {
  if (data === null) throw new Error(error?.message);
  return data;
}

async function workOff(): Promise<void> {
  const { backend, log, clock } = api;
  const now = () => clock.nowMs;
  const dependencies = { ...backend, asWriter: createWriters(Date.now), publish: async () => {} };
  const options = { tasks: audienceTasks, dependencies, broker: backend.broker, log, concurrency: 1 };
  const work = createWorker({ ...options, now, random: () => 0 });
  for (let deliveries = await backend.receive(); deliveries.length > 0; deliveries = await backend.receive())
    expect(await work(deliveries, () => now() + 60_000)).toEqual([]);
}

describe("the client's imports", () => {
  it('create, get and list as the documentation shows them', async () => {
    const segment = dataOf(await resend.segments.create({ name: 'Newsletter' }));
    const topic = dataOf(await resend.topics.create({ name: 'News', defaultSubscription: 'opt_out' }));
    const created = await resend.contacts.imports.create({
      file: csv('Email Address,First,Plan,Points\nada@example.org,Ada,pro,7\nnobody,,,\n'),
      columnMap: {
        email: 'Email Address',
        firstName: 'First',
        properties: { plan: { column: 'Plan' }, points: { column: 'Points', type: 'number' } },
      },
      onConflict: 'upsert',
      segments: [{ id: segment.id }],
      topics: [{ id: topic.id, subscription: 'opt_in' }],
    });
    const { id, object } = dataOf(created);
    expect(object).toBe('contact_import');
    expect(dataOf(await resend.contacts.imports.get(id))).toEqual({
      object: 'contact_import',
      id,
      status: 'queued',
      created_at: '2026-11-21T12:00:00.000Z',
      completed_at: null,
      counts: { total: 2, created: 0, updated: 0, skipped: 0, failed: 0 },
      errors: [],
    });
    api.clock.nowMs += 1_000;
    await workOff();
    const done = {
      id,
      status: 'completed',
      completed_at: '2026-11-21T12:00:01.000Z',
      counts: { total: 2, created: 1, updated: 0, skipped: 0, failed: 1 },
      errors: [{ line: 3, reason: 'Invalid email address. It is not one address.' }],
    };
    expect(dataOf(await resend.contacts.imports.get(id))).toMatchObject(done);
    expect(dataOf(await resend.contacts.imports.list())).toMatchObject({
      object: 'list',
      has_more: false,
      data: [done],
    });
    const contact = dataOf(await resend.contacts.get({ email: 'ada@example.org' }));
    expect(contact).toMatchObject({ first_name: 'Ada', properties: { plan: { value: 'pro' }, points: { value: 7 } } });
    const segments = dataOf(await resend.contacts.segments.list({ email: 'ada@example.org' }));
    expect(segments.data.map(({ name }) => name)).toEqual(['Newsletter']);
    const topics = dataOf(await resend.contacts.topics.list({ email: 'ada@example.org' }));
    expect(topics.data).toMatchObject([{ id: topic.id, subscription: 'opt_in' }]);
  });

  it('list by status, in pages, and no others', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) {
      api.clock.nowMs += 1;
      ids.unshift(dataOf(await resend.contacts.imports.create({ file: csv('email\nada@example.org') })).id);
      if (index === 2) await workOff();
    }
    const page = async (options: Parameters<typeof resend.contacts.imports.list>[0]) => {
      const { data, has_more } = dataOf(await resend.contacts.imports.list(options));
      return [data.map(({ id }) => ids.indexOf(id)), has_more];
    };
    expect(await page({ status: 'queued' })).toEqual([[0, 1], false]);
    expect(await page({ status: 'completed', limit: 2 })).toEqual([[2, 3], true]);
    expect(await page({ status: 'completed', limit: 2, after: ids[3] as string })).toEqual([[4], false]);
    expect(await page({ status: 'completed', limit: 1, before: ids[4] as string })).toEqual([[3], true]);
    expect(await page({ status: 'failed' })).toEqual([[], false]);
    expect(await page({ limit: 2, after: ids[0] as string })).toEqual([[1, 2], true]);
    expect((await resend.contacts.imports.list({ status: 'gone' as never })).error?.statusCode).toBe(422);
  });

  it('with an idempotency key make one import, whichever key asks', async () => {
    const create = (text: string) =>
      resend.contacts.imports.create({ file: csv(text) }, { headers: { 'Idempotency-Key': 'file-1' } });
    const { id } = dataOf(await create('email\nada@example.org'));
    expect(dataOf(await create('email\nada@example.org')).id).toBe(id);
    expect((await create('email\nbob@example.org')).error).toMatchObject({
      statusCode: 409,
      name: 'invalid_idempotent_request',
    });
  });

  it('of a file that is wrong are refused with a reason', async () => {
    const refused = async (file: Blob, options = {}) =>
      (await resend.contacts.imports.create({ file, ...options })).error;
    expect(await refused(csv('Email\nada@example.org'))).toEqual({
      statusCode: 422,
      name: 'validation_error',
      message: 'CSV missing required email column',
    });
    expect(await refused(new Blob([Buffer.from('email,n\na@b.org,J\xfcrg', 'latin1')]))).toMatchObject({
      message: expect.stringContaining('line 2'),
    });
    expect(await refused(csv(`email\n${'x'.repeat(4 * 1024 * 1024)}`))).toMatchObject({
      statusCode: 413,
      message: expect.stringContaining('sendoff contacts import FILE'),
    });
    expect(await refused(csv('email\n'), { topics: [{ id: 'x', subscription: 'opt_in' }] })).toMatchObject({
      statusCode: 422,
    });
    expect(await refused(csv('email\n'), { onConflict: 'replace' })).toMatchObject({ statusCode: 422 });
    expect((await resend.contacts.imports.get('00000000-0000-4000-8000-000000000000')).error).toMatchObject({
      statusCode: 404,
      name: 'not_found',
    });
    expect((await clientWith(SENDING_KEY).contacts.imports.list()).error).toMatchObject({ name: 'restricted_api_key' });
  });
});

describe('POST /contacts/imports', () => {
  it('takes the forms of other clients: ids of segments as text, the file as a field', async () => {
    const { id } = dataOf(await resend.segments.create({ name: 'All' }));
    const form = new FormData();
    form.append('file', 'email\nada@example.org');
    form.append('segments', JSON.stringify([id]));
    const answer = await send(form);
    expect(answer.status).toBe(201);
  });

  it('refuses what is no form, has no file, or has fields that it does not know', async () => {
    expect(await api.ask('POST', '/contacts/imports', { file: 'email' })).toMatchObject({ status: 400 });
    const cut = { 'content-type': 'multipart/form-data; boundary=x' };
    expect(await api.ask('POST', '/contacts/imports', '--x\r\ncut', cut)).toMatchObject({ status: 400 });
    const form = new FormData();
    expect((await send(form)).status).toBe(422);
    form.append('file', csv('email\n'));
    form.append('column_map', '{');
    expect(await (await send(form)).json()).toMatchObject({
      message: 'Invalid `column_map` field: it is not valid JSON.',
    });
    form.delete('column_map');
    form.append('colum_map', '{}');
    expect(await (await send(form)).json()).toMatchObject({ message: expect.stringContaining('`column_map`') });
  });

  const send = async (body: FormData) =>
    api.app.fetch(
      new Request('http://api.example/contacts/imports', {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${FULL_KEY}` },
      }),
    );
});
