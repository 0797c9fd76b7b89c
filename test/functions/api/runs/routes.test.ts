import { beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../../functions/core/ids.ts';
import type { Change } from '../../../../functions/core/ports/table.ts';
import { failedPartition, runKey } from '../../../../functions/core/run/run.ts';
import { type ApiClient, createApiClient } from '../../../helpers/api-client.ts';
import { manifest } from '../tasks/declared-tasks.ts';

let api: ApiClient;
beforeEach(async () => {
  api = await createApiClient(undefined, { tasks: manifest });
});

async function made(name = 'users.count', body: object = { args: { from: 'a' } }): Promise<string> {
  api.clock.nowMs += 1_000;
  return (await api.ask('POST', `/tasks/${name}`, body)).body.id;
}
const got = async (id: string, query = '') => (await api.ask('GET', `/runs/${id}${query}`)).body;
const change = (id: string, set: Change['set'], more: Change = {}) =>
  api.backend.table.update(runKey(id), { set, ...more });
const failed = (id: string, task = 'users.count') =>
  change(
    id,
    { status: 'failed', endedAtMs: api.clock.nowMs, error: { code: 'error', message: 'no such user', stack: 'at x' } },
    { due: { partition: failedPartition(task), sort: `${String(api.clock.nowMs).padStart(13, '0')}#${id}` } },
  );
const ids = async (query: string) =>
  (await api.ask('GET', `/runs?${query}`)).body.data.map((run: { id: string }) => run.id);
const at = (ms = 0) => new Date(api.clock.nowMs + ms).toISOString();

describe('GET /runs/{id}', () => {
  it('shows everything that is kept', async () => {
    const id = await made();
    const createdAt = at();
    expect(await got(id)).toEqual({
      object: 'run',
      id,
      task: 'users.count',
      status: 'queued',
      priority: 'bulk',
      attempts: 0,
      progress: null,
      error: null,
      group: null,
      created_at: createdAt,
      due_at: null,
      expires_at: null,
      started_at: null,
      finished_at: null,
      args: { from: 'a' },
      result: null,
      steps: [],
      events: [{ type: 'queued', at: createdAt, attempt: null, reason: null }],
      tick_at: null,
    });
    const startedAtMs = api.clock.nowMs + 10;
    await change(id, {
      status: 'succeeded',
      attempts: 2,
      startedAtMs,
      endedAtMs: startedAtMs + 50,
      progress: { done: 3, total: 3 },
      result: { json: '{"count":7}' },
      'step:load': '1',
      events: [{ atMs: startedAtMs + 20, type: 'retry', attempt: 1, reason: 'timeout' }],
    });
    expect(await got(id)).toMatchObject({
      status: 'succeeded',
      attempts: 2,
      progress: { done: 3, total: 3 },
      result: { count: 7 },
      steps: [{ name: 'load', result: 1 }],
      events: [
        { type: 'queued' },
        { type: 'started', at: at(10), attempt: 1 },
        { type: 'retry', at: at(30), attempt: 1, reason: 'timeout' },
        { type: 'succeeded', at: at(60), attempt: 2 },
      ],
    });
  });

  it('shows large arguments, and leaves them out beside a large result', async () => {
    const text = 'x'.repeat(4_500_000);
    const id = await made('users.count', { args: { text } });
    expect((await got(id)).args.text).toHaveLength(text.length);
    await change(id, { status: 'succeeded', endedAtMs: 1, result: { json: JSON.stringify('y'.repeat(900_000)) } });
    expect(await got(id)).toMatchObject({ args: null, truncated: ['args'], result: expect.stringMatching(/^y/) });
  });

  it.each([newId(), 'x', '%20'])('answers 404 for the unknown id %s', async (id) => {
    expect(await api.ask('GET', `/runs/${id}`)).toMatchObject({ status: 404, body: { message: 'Run not found' } });
  });

  it('waits until the run has ended', async () => {
    const id = await made();
    const startedMs = api.clock.nowMs;
    const { table } = api.backend;
    const { getMany } = table;
    let looks = 0;
    Object.assign(table, {
      getMany: async (...given: Parameters<typeof getMany>) => {
        expect(given[1]).toEqual({ mayLag: true });
        if (++looks === 4) await change(id, { status: 'succeeded', endedAtMs: api.clock.nowMs, result: { json: '7' } });
        return getMany(...given);
      },
    });
    expect(await got(id, '?wait=20')).toMatchObject({ status: 'succeeded', result: 7 });
    expect(api.clock.nowMs - startedMs).toBeLessThan(2_000);
  });

  it('answers the run as it is when the wait is over, after 15 looks in 20 s', async () => {
    const id = await made();
    const startedMs = api.clock.nowMs;
    const { table } = api.backend;
    const { getMany } = table;
    let looks = 0;
    Object.assign(table, {
      getMany: (...given: Parameters<typeof getMany>) => {
        looks++;
        return getMany(...given);
      },
    });
    expect((await got(id, '?wait=20')).status).toBe('queued');
    expect([api.clock.nowMs - startedMs, looks]).toEqual([20_000, 15]);
    expect((await api.ask('GET', `/runs/${id}?wait=21`)).status).toBe(422);
    expect((await api.ask('GET', `/runs/${id}?wait=x`)).status).toBe(422);
  });
});

describe('GET /runs', () => {
  it('lists the runs of one task or of all, newest first, without arguments and results', async () => {
    const [first, second] = [await made('notification.send', { args: { userId: 'u' } }), await made()];
    const third = await made('notification.send', { args: { userId: 'u' } });
    expect(await ids('')).toEqual([third, second, first]);
    expect(await ids('task=notification.send')).toEqual([third, first]);
    const { body } = await api.ask('GET', '/runs?limit=1');
    expect([body.has_more, Object.keys(body.data[0])]).toEqual([true, expect.not.arrayContaining(['args', 'result'])]);
    expect(await ids(`limit=1&after=${third}`)).toEqual([second]);
    expect(await ids(`limit=1&before=${first}`)).toEqual([second]);
    expect((await api.ask('GET', `/runs?after=${newId()}`)).status).toBe(404);
    expect((await api.ask('GET', '/runs?limit=101')).status).toBe(422);
  });

  it('lists those with a status', async () => {
    const [first, second, third] = [await made(), await made(), await made()];
    await failed(first ?? '');
    await change(second ?? '', { status: 'succeeded', endedAtMs: 1 });
    expect(await ids('status=failed')).toEqual([first]);
    expect(await ids('status=succeeded&task=users.count')).toEqual([second]);
    expect(await ids('status=queued')).toEqual([third]);
    expect(await ids('status=queued,failed')).toEqual([third, first]);
    expect((await api.ask('GET', '/runs?status=queued,')).status).toBe(422);
    expect((await api.ask('GET', '/runs?status=failed')).body.data).toMatchObject([
      { error: { code: 'error', message: 'no such user' } },
    ]);
    expect((await api.ask('GET', '/runs?status=done')).status).toBe(422);
  });

  it('names the nearest task to one that is neither declared nor has runs', async () => {
    expect((await api.ask('GET', '/runs?task=users.cuont')).body.message).toContain('Did you mean `users.count`?');
    expect((await api.ask('GET', '/runs?task=x')).status).toBe(404);
    await change(await made(), { task: 'users.old' }, { list: { partition: 'runs#users.old', sort: '1' } });
    expect(await ids('task=users.old')).toHaveLength(1);
  });
});

describe('POST /runs/{id}/cancel and retry', () => {
  it('cancel a run once', async () => {
    const id = await made();
    expect(await api.ask('POST', `/runs/${id}/cancel`)).toMatchObject({ status: 200, body: { object: 'run', id } });
    expect((await got(id)).status).toBe('canceled');
    expect((await api.ask('POST', `/runs/${id}/cancel`)).status).toBe(409);
  });

  it('retry a run that failed, not one that waits', async () => {
    const id = await made();
    expect(await api.ask('POST', `/runs/${id}/retry`)).toMatchObject({
      status: 409,
      body: { name: 'invalid_parameter' },
    });
    await failed(id);
    expect((await api.ask('POST', `/runs/${id}/retry`)).body).toEqual({ object: 'run', id });
    expect(await got(id)).toMatchObject({ status: 'queued', error: null });
    expect(await ids('status=failed')).toEqual([]);
  });

  it.each(['cancel', 'retry'])('%s answers 404 for an unknown run', async (move) => {
    for (const id of [newId(), 'x']) expect((await api.ask('POST', `/runs/${id}/${move}`)).status).toBe(404);
  });
});

describe('POST /runs/retry', () => {
  const retry = (body: object) => api.ask('POST', '/runs/retry', body);

  it('retries the failed runs of a task, oldest first, in steps, since a time', async () => {
    const failures = [await made(), await made(), await made()];
    for (const id of failures) {
      api.clock.nowMs += 1_000;
      await failed(id);
    }
    expect((await retry({ task: 'users.count', since: at(1) })).body).toEqual({
      object: 'run_retry',
      retried: 0,
      has_more: false,
    });
    expect((await retry({ task: 'users.count', since: at() })).body).toMatchObject({ retried: 1, has_more: false });
    expect(await ids('status=failed')).toEqual([failures[1], failures[0]]);
    const { status, body } = await retry({ task: 'users.count', limit: 1 });
    expect([status, body]).toEqual([
      200,
      { object: 'run_retry', retried: 1, has_more: true, next: expect.any(String) },
    ]);
    expect(await ids('status=failed')).toEqual([failures[1]]);
    expect((await retry({ task: 'users.count', after: body.next })).body).toMatchObject({
      retried: 1,
      has_more: false,
    });
  });

  it('refuses what is not valid, and names the nearest task', async () => {
    expect((await retry({ task: 'users.cuont' })).body.message).toContain('Did you mean `users.count`?');
    for (const more of [{ since: 'yesterday' }, { after: 'x' }, { limit: 1_001 }, { tasks: 1 }])
      expect((await retry({ task: 'users.count', ...more })).status).toBe(422);
    expect((await retry({})).status).toBe(422);
  });
});
