import { Resend } from 'resend';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSegment } from '../../functions/core/audience/segments.ts';
import { newId } from '../../functions/core/ids.ts';
import { type ApiClient, createApiClient, FULL_KEY } from '../helpers/api-client.ts';
import { serveApp } from '../helpers/served-app.ts';

let api: ApiClient;
let server: Awaited<ReturnType<typeof serveApp>>;
let resend: Resend;
let segmentId: string;

beforeEach(async () => {
  api = await createApiClient();
  server = await serveApp(api);
  resend = new Resend(FULL_KEY, { baseUrl: server.url });
  const dependencies = { table: api.backend.table, now: () => api.clock.nowMs, newId };
  ({ id: segmentId } = await createSegment('Everybody', dependencies));
});
afterEach(() => server.close());

const news = () => ({
  segmentId,
  name: 'News of May',
  from: 'News <news@example.com>',
  subject: 'News for {{{FIRST_NAME|you}}}',
  replyTo: ['editor@example.com'],
  previewText: 'What is new',
  html: '<p>News</p>',
});
const notFound = { data: null, error: { statusCode: 404, name: 'not_found', message: 'Broadcast not found' } };
const unknown = '00000000-0000-0000-0000-000000000000';

async function created(fields: object = {}): Promise<string> {
  const { data, error } = await resend.broadcasts.create({ ...news(), ...fields });
  expect(error).toBeNull();
  return data?.id ?? '';
}

describe('resend.broadcasts of the official Node client', () => {
  it('create and get', async () => {
    const id = await created();
    expect((await resend.broadcasts.get(id)).data).toMatchObject({
      object: 'broadcast',
      id,
      name: 'News of May',
      audience_id: segmentId,
      segment_id: segmentId,
      from: 'News <news@example.com>',
      subject: 'News for {{{FIRST_NAME|you}}}',
      reply_to: ['editor@example.com'],
      preview_text: 'What is new',
      status: 'draft',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      scheduled_at: null,
      sent_at: null,
      topic_id: null,
      html: '<p>News</p>',
      text: null,
    });
    expect(await resend.broadcasts.get(unknown)).toMatchObject(notFound);
  });

  it('create with the deprecated audienceId, with send, and with a time', async () => {
    const { segmentId: audienceId, ...fields } = news();
    const old = await resend.broadcasts.create({ ...fields, audienceId });
    expect((await resend.broadcasts.get(old.data?.id ?? '')).data?.segment_id).toBe(segmentId);
    const sent = await resend.broadcasts.get(await created({ send: true }));
    expect(sent.data?.status).toBe('queued');
    const later = await resend.broadcasts.get(await created({ send: true, scheduledAt: 'in 1 hour' }));
    expect(later.data).toMatchObject({
      status: 'scheduled',
      scheduled_at: new Date(api.clock.nowMs + 3_600_000).toISOString(),
    });
  });

  it('create with a missing field', async () => {
    const { data, error } = await resend.broadcasts.create({ ...news(), from: undefined as unknown as string });
    expect(data).toBeNull();
    expect(error).toMatchObject({ statusCode: 422, name: 'missing_required_field', message: 'Missing `from` field.' });
  });

  it('list, with a limit and a cursor', async () => {
    const ids: string[] = [];
    for (const name of ['A', 'B', 'C']) {
      ids.unshift(await created({ name }));
      api.clock.nowMs += 1_000;
    }
    const { data: all } = await resend.broadcasts.list();
    expect([all?.object, all?.has_more, all?.data.map(({ id }) => id)]).toEqual(['list', false, ids]);
    expect(Object.keys(all?.data[0] ?? {}).sort()).toEqual(
      ['audience_id', 'created_at', 'id', 'name', 'scheduled_at', 'segment_id', 'sent_at', 'status', 'topic_id'].sort(),
    );
    const { data: page } = await resend.broadcasts.list({ limit: 1, after: ids[0] ?? '' });
    expect([page?.has_more, page?.data.map(({ id }) => id)]).toEqual([true, [ids[1]]]);
  });

  it('update', async () => {
    const id = await created();
    const { data } = await resend.broadcasts.update(id, { name: 'News of June', subject: 'June', text: 'June' });
    expect(data).toEqual({ object: 'broadcast', id });
    expect((await resend.broadcasts.get(id)).data).toMatchObject({
      ...{ name: 'News of June', subject: 'June', text: 'June', html: '<p>News</p>', reply_to: ['editor@example.com'] },
    });
    await resend.broadcasts.send(id);
    expect((await resend.broadcasts.update(id, { name: 'X' })).error).toMatchObject({ statusCode: 403 });
    expect(await resend.broadcasts.update(unknown, { name: 'X' })).toMatchObject(notFound);
  });

  it('send, now and later, and cancel', async () => {
    const id = await created();
    expect((await resend.broadcasts.send(id, { scheduledAt: 'in 2 hours' })).data).toMatchObject({ id });
    expect((await resend.broadcasts.cancel(id)).data).toEqual({ object: 'broadcast', id });
    expect((await resend.broadcasts.get(id)).data?.status).toBe('draft');
    expect((await resend.broadcasts.send(id)).data).toMatchObject({ id });
    expect((await resend.broadcasts.get(id)).data?.status).toBe('queued');
    expect((await resend.broadcasts.send(id)).error).toMatchObject({ statusCode: 403, name: 'validation_error' });
    expect((await resend.broadcasts.cancel(id)).data).toEqual({ object: 'broadcast', id });
    expect((await resend.broadcasts.get(id)).data?.status).toBe('canceled');
    expect((await resend.broadcasts.cancel(id)).error).toMatchObject({
      ...{ statusCode: 403, name: 'validation_error', message: 'Only queued or scheduled broadcasts can be canceled' },
    });
    expect(await resend.broadcasts.send(unknown)).toMatchObject(notFound);
  });

  it('duplicate', async () => {
    const { data } = await resend.broadcasts.duplicate(await created({ send: true }));
    expect(data).toMatchObject({ object: 'broadcast' });
    expect((await resend.broadcasts.get(data?.id ?? '')).data).toMatchObject({
      ...{ name: 'News of May (copy)', status: 'draft', preview_text: 'What is new', segment_id: segmentId },
    });
    expect(await resend.broadcasts.duplicate(unknown)).toMatchObject(notFound);
  });

  it('remove', async () => {
    const id = await created();
    expect((await resend.broadcasts.remove(id)).data).toEqual({ object: 'broadcast', id, deleted: true });
    expect(await resend.broadcasts.remove(id)).toMatchObject(notFound);
    expect((await resend.broadcasts.remove(await created({ send: true }))).error).toMatchObject({ statusCode: 403 });
  });
});
