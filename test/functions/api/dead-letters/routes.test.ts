import { describe, expect, it } from 'vitest';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { readJob } from '../../../../functions/core/inspection/read-job.ts';
import type { HeldDeadLetter } from '../../../../functions/core/ports/inspection.ts';
import { runKey } from '../../../../functions/core/run/run.ts';
import { createApiClient } from '../../../helpers/api-client.ts';

const EMAIL_ID = '0193a0f5-0000-4000-8000-000000000001';
const RUN_ID = '0193a0f5-0000-4000-8000-000000000002';
const jobOf = (task: string, args: object) => JSON.stringify({ task, args, attempt: 3 });

/** The API with these texts among the dead letters; those of a queue of another stack cannot be put back. */
async function setUp(bodies: readonly string[]) {
  const letters = new Map(bodies.map((body, index) => [String(index + 1), body]));
  const redriven: string[] = [];
  const client = await createApiClient(undefined, {
    tasks: { tasks: [] },
    operations: {
      inspection: async () => ({
        depths: async () => [],
        deadLetters: {
          count: async () => letters.size,
          async *pages() {
            for (const [id, body] of [...letters]) yield [held(id, body)];
          },
          find: async () => undefined,
        },
      }),
      series: { read: () => Promise.reject(new Error()), ages: async () => new Map() },
    },
  });
  const queuedAtMs = client.clock.nowMs - 60_000;
  const held = (id: string, body: string): HeldDeadLetter => ({
    ...{ id, body, queuedAtMs, receiveCount: 4, sourceQueue: 'bulk', ...readJob(body) },
    redrive: async () => {
      if (!readJob(body).job) return false;
      redriven.push(id);
      return letters.delete(id);
    },
    delete: async () => void letters.delete(id),
  });
  const post = async (path: string, body: unknown) => client.ask('POST', `/dead-letters/${path}`, body);
  return {
    client,
    letters,
    redriven,
    queuedAtMs,
    post,
    list: (query = '') => client.ask('GET', `/dead-letters${query}`),
  };
}

const record: Partial<EmailRecord> = {
  ...{ id: EMAIL_ID, status: 'queued', attempts: 2, fingerprint: 'f', createdAtMs: 1, subject: 's', from: 'a@b.c' },
  timeline: [{ atMs: 1, event: 'queued' }],
  deferred: { firstAtMs: 2, lastAtMs: 3, count: 2, detail: 'SES did not answer' },
};

describe('the dead letters', () => {
  it('are shown with their email or run, and why the last try failed', async () => {
    const { client, list, queuedAtMs } = await setUp([
      jobOf('email.send', { id: EMAIL_ID, fingerprint: 'f' }),
      jobOf('run.execute', { id: RUN_ID, task: 'shrink' }),
      jobOf('broadcast.deliver', { id: EMAIL_ID }),
      'no job',
    ]);
    const { table } = client.backend;
    await table.insert({ key: recordKey(EMAIL_ID), fields: record as EmailRecord });
    const error = { code: 'error', message: 'no such image' };
    await table.insert({ key: runKey(RUN_ID), fields: { id: RUN_ID, status: 'running', error } });
    const { status, body } = await list();
    const known = { attempt: 3, queue: 'bulk', queued_at: new Date(queuedAtMs).toISOString(), receive_count: 4 };
    const nothing = { email_id: null, email_status: null, run_id: null, run_status: null, error: null };
    expect({ status, ...body }).toMatchObject({ status: 200, object: 'list', has_more: false });
    expect(body.data).toEqual([
      {
        ...{ id: '1', task: 'email.send', ...known, ...nothing, body: expect.any(String) },
        ...{ email_id: EMAIL_ID, email_status: 'queued', error: 'SES did not answer' },
      },
      {
        ...{ id: '2', task: 'run.execute', ...known, ...nothing, body: expect.any(String) },
        ...{ run_id: RUN_ID, run_status: 'running', error: 'no such image' },
      },
      { id: '3', task: 'broadcast.deliver', ...known, ...nothing, body: expect.any(String) },
      { id: '4', ...known, ...nothing, task: null, attempt: null, body: 'no job' },
    ]);
  });

  it('of an email that was sent meanwhile have no cause', async () => {
    const { client, list } = await setUp([jobOf('email.send', { id: EMAIL_ID, fingerprint: 'f' })]);
    const timeline = [...(record.timeline ?? []), { atMs: 4, event: 'delivered', detail: '250 Message received' }];
    const delivered = { ...record, status: 'delivered', deferred: undefined, timeline } as unknown as EmailRecord;
    await client.backend.table.insert({ key: recordKey(EMAIL_ID), fields: delivered });
    expect((await list()).body.data).toMatchObject([{ email_status: 'delivered', error: null }]);
  });

  it('are shown up to a limit, and have no pages', async () => {
    const { list } = await setUp(['a', 'b', 'c']);
    expect((await list('?limit=2')).body).toMatchObject({ has_more: true, data: [{ id: '1' }, { id: '2' }] });
    expect((await list('?limit=3')).body).toMatchObject({ has_more: false });
    for (const query of ['?limit=0', '?limit=101', '?limit=x', '?after=1'])
      expect(await list(query)).toMatchObject({ status: 422 });
  });

  it('are put back, all but those that are no job', async () => {
    const { client, post, redriven, letters } = await setUp([jobOf('email.send', { id: '1' }), 'no job']);
    const { body } = await post('redrive', { all: true });
    const queued_until = new Date(client.clock.nowMs).toISOString();
    expect(body).toEqual({
      ...{ object: 'dead_letters', redriven: 1, left: 1, missing: [], has_more: false, queued_until },
    });
    expect(redriven).toEqual(['1']);
    expect([...letters.values()]).toEqual(['no job']);
  });

  it('that failed again since the first call stay', async () => {
    const { post, queuedAtMs } = await setUp([jobOf('email.send', { id: '1' })]);
    const queued_until = new Date(queuedAtMs - 1).toISOString();
    expect((await post('redrive', { all: true, queued_until })).body).toMatchObject({
      redriven: 0,
      left: 1,
      queued_until,
    });
  });

  it('are put back by their ids; ids that are not there are named', async () => {
    const { post, redriven } = await setUp(['no job', jobOf('email.send', { id: '1' })]);
    expect((await post('redrive', { ids: ['2', '9'] })).body).toMatchObject({ redriven: 1, left: 0, missing: ['9'] });
    expect(redriven).toEqual(['2']);
  });

  it('are deleted, and their emails fail with the reason', async () => {
    const { client, post, letters } = await setUp([jobOf('email.send', { id: EMAIL_ID, fingerprint: 'f' }), 'b']);
    await client.backend.table.insert({ key: recordKey(EMAIL_ID), fields: record as EmailRecord });
    expect((await post('purge', { ids: ['1'] })).body).toEqual({
      ...{ object: 'dead_letters', purged: 1, emails_failed: 1, missing: [], has_more: false },
    });
    expect((await client.backend.table.get<EmailRecord>(recordKey(EMAIL_ID)))?.status).toBe('failed');
    expect((await post('purge', { all: true })).body).toMatchObject({ purged: 1 });
    expect(letters.size).toBe(0);
  });

  it.each([
    ['redrive', {}],
    ['redrive', { all: true, ids: ['1'] }],
    ['redrive', { all: false }],
    ['redrive', { all: true, queued_until: 'yesterday' }],
    ['redrive', { all: true, queued_until: '2026-02-30' }],
    ['purge', { ids: [] }],
    ['purge', { ids: [''] }],
    ['purge', { ids: Array.from({ length: 101 }, String) }],
    ['purge', { all: true, queued_until: '2026-02-28T10:00:00Z' }],
    ['purge', []],
  ])('are left where they are by POST %s %j, which is refused', async (path, body) => {
    const { letters, post } = await setUp(['a']);
    expect(await post(path, body)).toMatchObject({ status: 422 });
    expect(letters.size).toBe(1);
  });
});
