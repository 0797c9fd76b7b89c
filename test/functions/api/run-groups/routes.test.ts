// biome-ignore-all lint/suspicious/noThenProperty: `then` is a field of requests
import { beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../../functions/core/ids.ts';
import { type ApiClient, createApiClient } from '../../../helpers/api-client.ts';
import { manifest } from '../tasks/declared-tasks.ts';

let api: ApiClient;
beforeEach(async () => {
  api = await createApiClient(undefined, { tasks: manifest });
});

const created = async (body: object = {}): Promise<string> => (await api.ask('POST', '/run-groups', body)).body.id;
const add = (id: string, body: unknown) => api.ask('POST', `/run-groups/${id}/members`, body);
const call = { task: 'notification.send', args: { userId: 'u1' } };

describe('a group of runs', () => {
  it('takes its members in pieces, shows them, and is closed', async () => {
    const { status, body } = await api.ask('POST', '/run-groups', { then: { task: 'users.count' } });
    expect([status, body]).toEqual([201, { object: 'run_group', id: expect.any(String) }]);
    const { id } = body;
    const piece = { first: 0, calls: Array(100).fill(call) };
    const first = await add(id, piece);
    expect([first.status, first.body.runs.length]).toEqual([202, 100]);
    expect((await add(id, piece)).body).toEqual(first.body);
    const second = await add(id, { first: 100, calls: [{ task: 'cache.warm', in: 60 }] });
    expect((await api.ask('GET', `/run-groups/${id}`)).body).toMatchObject({
      closed: false,
      total: 101,
      finished_at: null,
    });
    const closed = await api.ask('POST', `/run-groups/${id}/close`);
    expect(closed.body).toEqual({
      object: 'run_group',
      id,
      closed: true,
      total: 101,
      succeeded: 0,
      failed: 0,
      created_at: new Date(api.clock.nowMs).toISOString(),
      finished_at: null,
      then: { task: 'users.count', run_id: expect.any(String) },
    });
    const members = await api.ask('GET', `/runs?group=${id}&limit=2`);
    expect([members.body.has_more, members.body.data.map((run: { id: string }) => run.id)]).toEqual([
      true,
      first.body.runs.slice(0, 2).map((run: { id: string }) => run.id),
    ]);
    const last = await api.ask('GET', `/runs?group=${id}&after=${first.body.runs[99].id}`);
    expect(last.body.data).toMatchObject([
      { id: second.body.runs[0].id, task: 'cache.warm', group: { id, member: 100 } },
    ]);
    expect((await add(id, { first: 200, calls: [call] })).status).toBe(409);
  });

  it.each<[unknown, number, string]>([
    [{ first: 0 }, 422, 'Missing `calls` field.'],
    [{ calls: [call] }, 422, 'Missing `first` field.'],
    [{ first: 1, calls: [call] }, 422, '`first` field: it must be a multiple of 100'],
    [{ first: -1, calls: [call] }, 422, 'Invalid `first` field'],
    [{ first: 0, calls: [] }, 422, 'Invalid `calls` field: it must be a list of 1 to 500 calls.'],
    [{ first: 0, calls: Array(501).fill(call) }, 422, '1 to 500'],
    [{ first: 0, calls: [call, 5] }, 422, 'Invalid `calls.1` field'],
    [{ first: 0, calls: [call, {}] }, 422, 'Missing `calls.1.task` field.'],
    [{ first: 0, calls: [{ task: 'users.cuont' }] }, 404, 'Did you mean `users.count`?'],
    [{ first: 0, calls: [call, { task: 'notification.send' }] }, 422, 'Missing `calls.1.args.userId` field.'],
    [{ first: 0, calls: [{ ...call, idempotency_key: 'k' }] }, 422, 'Unknown field `idempotency_key`'],
    [{ first: 0, calls: [call], more: 1 }, 422, 'Unknown field `more`'],
    [[], 422, 'must be a JSON object'],
  ])('refuses the piece %j with %i', async (body, status, message) => {
    const id = await created();
    expect(await add(id, body)).toMatchObject({ status, body: { message: expect.stringContaining(message) } });
    expect((await api.ask('GET', `/run-groups/${id}`)).body.total).toBe(0);
  });

  it('is followed only by a task that is known', async () => {
    const then = { task: 'users.cuont' };
    expect((await api.ask('POST', '/run-groups', { then })).body.message).toContain('Did you mean `users.count`?');
    expect((await api.ask('POST', '/run-groups', { then: {} })).status).toBe(422);
  });

  it.each([newId(), 'x'])('is a 404 if there is none with the id %s', async (id) => {
    expect((await api.ask('GET', `/run-groups/${id}`)).status).toBe(404);
    expect((await add(id, { first: 0, calls: [call] })).status).toBe(404);
    expect((await api.ask('POST', `/run-groups/${id}/close`)).status).toBe(404);
    expect((await api.ask('GET', `/runs?group=${id}`)).status).toBe(404);
  });

  it('is not listed by task or status, too', async () => {
    expect((await api.ask('GET', `/runs?group=${await created()}&status=failed`)).status).toBe(422);
  });
});
