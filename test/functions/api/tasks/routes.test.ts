// biome-ignore-all lint/suspicious/noThenProperty: `then` is a field of requests
import { beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../../functions/core/ids.ts';
import { type RunRecord, runKey } from '../../../../functions/core/run/run.ts';
import { type ApiClient, createApiClient, SENDING_KEY } from '../../../helpers/api-client.ts';
import { manifest } from './declared-tasks.ts';

let api: ApiClient;
beforeEach(async () => {
  api = await createApiClient(undefined, { tasks: manifest });
});

const call = (body?: unknown, name = 'notification.send', headers?: Record<string, string>) =>
  api.ask('POST', `/tasks/${name}`, body, headers);
const args = { userId: 'u1' };
const record = (id: string) => api.backend.table.get<RunRecord>(runKey(id));
const inMs = (ms: number) => api.clock.nowMs + ms;

describe('GET /tasks', () => {
  it('lists the tasks in the order of the file, with everything that was declared', async () => {
    const { status, body } = await api.ask('GET', '/tasks');
    expect([status, body.object, body.has_more]).toEqual([200, 'list', false]);
    expect(body.data.map(({ name }: { name: string }) => name)).toEqual(manifest.tasks.map(({ name }) => name));
    expect(body.data[0]).toEqual({
      name: 'notification.send',
      priority: 'transactional',
      keep: true,
      keep_days: 7,
      timeout_seconds: 30,
      retry: { attempts: 5, backoff: 'exponential', delay_seconds: 2, max_delay_seconds: 900 },
      rate_limit: { per_second: 20 },
      concurrency: 50,
      schedule: null,
      next_run_at: null,
      args: manifest.tasks[0]?.args,
    });
    expect(body.data[3].schedule).toEqual({ expression: '0 6 * * MON', time_zone: 'Europe/Berlin' });
    expect(body.data[4].schedule).toEqual({ every_seconds: 300 });
  });

  it('pages by name', async () => {
    const { body } = await api.ask('GET', '/tasks?limit=2&after=notification.send');
    expect(body).toMatchObject({ has_more: true, data: [{ name: 'users.count' }, { name: 'cache.warm' }] });
    expect((await api.ask('GET', '/tasks?limit=1&before=users.count')).body.data).toMatchObject([
      { name: 'notification.send' },
    ]);
    expect((await api.ask('GET', '/tasks?after=nothing')).status).toBe(404);
    expect((await api.ask('GET', '/tasks?limit=0')).status).toBe(422);
  });

  it('shows one task, and names the nearest to one that is not there', async () => {
    expect((await api.ask('GET', '/tasks/users.count')).body).toMatchObject({ object: 'task', name: 'users.count' });
    expect(await api.ask('GET', '/tasks/users.cuont')).toMatchObject({
      status: 404,
      body: { name: 'not_found', message: 'Task `users.cuont` not found. Did you mean `users.count`?' },
    });
    expect((await api.ask('GET', '/tasks/x')).body.message).toContain('Tasks: notification.send, users.count');
  });
});

describe('POST /tasks/{name}', () => {
  it('makes a run that is durable with its arguments, and a job for it', async () => {
    const { status, body } = await call({ args });
    expect([status, body]).toEqual([202, { object: 'run', id: expect.any(String) }]);
    expect(await record(body.id)).toMatchObject({
      task: 'notification.send',
      status: 'queued',
      keepMs: 7 * 86_400_000,
    });
    expect(api.backend.waiting()).toMatchObject([
      { queue: 'tasks', job: { task: 'run.execute', args: { id: body.id }, attempt: 1 } },
    ]);
  });

  it('needs no body if no argument is required', async () => {
    expect((await call(undefined, 'users.count')).status).toBe(202);
    expect(await call(undefined)).toMatchObject({ status: 422, body: { message: 'Missing `args.userId` field.' } });
  });

  it.each([
    [{ in: 90 }, 90_000],
    [{ in: '10 minutes' }, 600_000],
    [{ in: 'in 2 hours' }, 7_200_000],
    [{ in: '1.5' }, 1_500],
    [{ at: '2026-11-21T12:05:00Z' }, 300_000],
    [{ at: 'in 1 hour' }, 3_600_000],
    // The clock of the caller is behind.
    [{ at: '2026-11-21T11:58:00Z' }, undefined],
  ])('%j is due in %s ms', async (fields, ms) => {
    const { body } = await call({ args, ...fields });
    expect((await record(body.id))?.dueAtMs).toBe(ms === undefined ? undefined : inMs(ms));
  });

  it.each([
    [{ expires: 60 }, 60_000],
    [{ expires: '2 hours' }, 7_200_000],
    [{ expires: '2026-11-21T13:00:00Z' }, 3_600_000],
  ])('%j expires in %s ms', async (fields, ms) => {
    const { body } = await call({ args, ...fields });
    expect((await record(body.id))?.notAfterMs).toBe(inMs(ms));
  });

  it.each<[object, number, string]>([
    [{}, 422, 'Missing `args.userId` field.'],
    [{ args: { userId: 1 } }, 422, 'Invalid `args.userId` field: it must be of type string.'],
    [{ args: { userId: '' } }, 422, 'Invalid `args.userId` field: it has too few characters.'],
    [{ args: { userId: 'x'.repeat(11) } }, 422, 'Invalid `args.userId` field: it has too many characters.'],
    [{ args: { userID: 'u' } }, 422, 'args.user'],
    [{ args: { ...args, tmes: 1 } }, 422, 'Unknown field `args.tmes`. Did you mean `times`?'],
    [{ args: { ...args, times: 0 } }, 422, 'Invalid `args.times` field: it must be at least 1.'],
    [{ args: { ...args, times: 6 } }, 422, 'Invalid `args.times` field: it must be at most 5.'],
    [{ args: { ...args, times: 1.5 } }, 422, 'Invalid `args.times` field: it must be of type integer.'],
    [{ args: { ...args, kind: 'fax' } }, 422, 'Invalid `args.kind` field: it must be one of ["mail","push"].'],
    [{ args: { ...args, tags: [{ name: 'a' }, {}] } }, 422, 'Missing `args.tags.1.name` field.'],
    [{ args: { ...args, tags: [{}, {}, {}] } }, 422, 'args.tags'],
    [{ args: [] }, 422, 'Invalid `args` field: it must be of type object.'],
    [{ args, in: -1 }, 422, 'Invalid `in` field'],
    [{ args, in: 'soon' }, 422, 'Invalid `in` field: it must be seconds, or a span such as `10 minutes`.'],
    [{ args, in: '31 days' }, 422, 'Invalid `in` field: it is more than 30 days.'],
    [{ args, in: 1, at: 'in 1 hour' }, 422, 'either `in` or `at`'],
    [{ args, at: '2026-11-21 12:00' }, 422, 'Invalid `at` field: it must be ISO 8601'],
    [{ args, at: '2026-11-21T10:00:00Z' }, 422, 'Invalid `at` field: it is in the past.'],
    [{ args, at: 'in 31 days' }, 422, 'Invalid `at` field: it is more than 30 days ahead.'],
    [{ args, in: 60, expires: 30 }, 422, 'Invalid `expires` field: it is before the time when it may run.'],
    [{ args, expires: 'never' }, 422, 'Invalid `expires` field'],
    [{ args, priority: 'high' }, 422, 'Invalid `priority` field'],
    [{ args, idempotency_key: '' }, 422, 'Invalid `idempotency_key` field'],
    [{ args, unique_seconds: 0 }, 422, 'Invalid `unique_seconds` field'],
    [{ args, id: 'mine' }, 422, 'Invalid `id` field'],
    [{ args, then: [{ task: 'users.cuont' }] }, 404, 'Did you mean `users.count`?'],
    [{ args, then: [{ task: 'notification.send', args: {} }] }, 422, 'Missing `then.0.args.userId` field.'],
    [{ args, then: Array(21).fill({ task: 'users.count' }) }, 422, 'Invalid `then` field'],
    [{ args, delay: 5 }, 422, 'Unknown field `delay`'],
    [{ arg: args }, 422, 'Did you mean `args`?'],
  ])('%j is refused with %i, and nothing is stored', async (body, status, message) => {
    expect(await call(body)).toMatchObject({ status, body: { message: expect.stringContaining(message) } });
    expect([(await api.ask('GET', '/runs')).body.data, api.backend.waiting()]).toEqual([[], []]);
  });

  it('takes a value that nothing can be wrong with as it is: any names, any depth up to 100, half a character', async () => {
    const odd = { 'a.b/c~d%': [1e300, { __proto: null }], text: '\ud800', '\udc00': [] };
    const { body } = await call(JSON.stringify({ args: odd }), 'users.count');
    const shown = await api.ask('GET', `/runs/${body.id}`);
    expect(shown.body.args).toEqual({ 'a.b/c~d%': [1e300, { __proto: null }], text: '\ufffd', '\ufffd': [] });
    const deep = `{"args":${'['.repeat(101)}${']'.repeat(101)}}`;
    expect(await call(deep, 'users.count')).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('100 levels') },
    });
    const deeper = `{"args":${'['.repeat(1e6)}${']'.repeat(1e6)}}`;
    expect((await call(deeper)).status).toBe(422);
  });

  it('makes one run of a key, whether it is a header or a field; 409 for other arguments', async () => {
    const first = await call({ args, idempotency_key: 'k' });
    const again = await call({ args }, undefined, { 'idempotency-key': 'k' });
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    expect(await call({ args: { userId: 'u2' }, idempotency_key: 'k' })).toMatchObject({
      status: 409,
      body: { name: 'invalid_idempotent_request' },
    });
    expect(await call({ args, idempotency_key: 'a' }, undefined, { 'idempotency-key': 'b' })).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('differ') },
    });
    expect((await call({ args }, undefined, { 'idempotency-key': 'x'.repeat(257) })).status).toBe(400);
  });

  it('keeps a key as long as it is asked to', async () => {
    const first = await call({ args, idempotency_key: 'k', unique_seconds: 60 });
    api.clock.nowMs += 61_000;
    expect((await call({ args, idempotency_key: 'k' })).body.id).not.toBe(first.body.id);
  });

  it('makes one run of an id of the caller', async () => {
    const id = newId();
    const answers = [await call({ args, id }), await call({ args, id })];
    expect(answers.map(({ body }) => body.id)).toEqual([id, id]);
    expect((await api.ask('GET', '/runs')).body.data).toHaveLength(1);
  });

  it('takes the priority of the call before that of the task, and a chain', async () => {
    const then = [{ task: 'notification.send', args }, { task: 'users.count' }];
    const { body } = await call({ priority: 'transactional', then }, 'users.count');
    expect(await record(body.id)).toMatchObject({
      priority: 'transactional',
      then: [
        { task: 'notification.send', args: '{"userId":"u1"}', priority: 'transactional', keepDays: 7 },
        { task: 'users.count', args: 'null', priority: 'bulk', keepDays: 7 },
      ],
    });
  });

  it('keeps nothing of a task with `keep: false`, which can begin no chain', async () => {
    const { body } = await call(undefined, 'cache.warm');
    expect(await record(body.id)).toBeUndefined();
    expect(api.backend.waiting()).toMatchObject([{ job: { task: 'run.once', args: { id: body.id } } }]);
    expect((await api.ask('GET', `/runs/${body.id}`)).status).toBe(404);
    expect((await call({ then: [{ task: 'users.count' }] }, 'cache.warm')).status).toBe(422);
  });

  it('names the nearest task', async () => {
    expect(await call({ args }, 'notifications.send')).toMatchObject({
      status: 404,
      body: { message: 'Task `notifications.send` not found. Did you mean `notification.send`?' },
    });
  });
});

describe('the routes of tasks', () => {
  it('are for keys with full access', async () => {
    const key = { authorization: `Bearer ${SENDING_KEY}` };
    expect(await call({ args }, undefined, key)).toMatchObject({ status: 401, body: { name: 'restricted_api_key' } });
  });

  it.each([
    ['GET', '/tasks'],
    ['GET', '/tasks/a.b'],
    ['POST', '/tasks/a.b'],
    ['GET', '/runs'],
    ['GET', `/runs/${newId()}`],
    ['POST', `/runs/${newId()}/cancel`],
    ['POST', `/runs/${newId()}/retry`],
    ['GET', '/clocks'],
    ['GET', '/clocks/a.b'],
    ['POST', '/clocks/a.b/pause'],
    ['POST', '/run-groups'],
    ['GET', `/run-groups/${newId()}`],
    ['POST', `/run-groups/${newId()}/members`],
    ['POST', `/run-groups/${newId()}/close`],
  ])('%s %s says how to declare tasks where there are none', async (method, path) => {
    const without = await createApiClient();
    expect(await without.ask(method, path)).toMatchObject({
      status: 404,
      body: { name: 'not_found', message: expect.stringContaining("{ tasks: './tasks.ts' }") },
    });
  });
});
