import { beforeEach, describe, expect, it } from 'vitest';
import { syncClocks } from '../../../../functions/core/clock/sync.ts';
import { newId } from '../../../../functions/core/ids.ts';
import { type ApiClient, createApiClient } from '../../../helpers/api-client.ts';
import { manifest } from '../tasks/declared-tasks.ts';

let api: ApiClient;
beforeEach(async () => {
  api = await createApiClient(undefined, { tasks: manifest });
});

const synced = () =>
  syncClocks({ backend: api.backend, tasks: manifest.tasks, now: () => api.clock.nowMs, newId, log: api.log });
const weekly = {
  task: 'report.weekly',
  expression: '0 6 * * MON',
  time_zone: 'Europe/Berlin',
  every_seconds: null,
  paused: false,
  next_run_at: '2026-11-23T05:00:00.000Z',
  last_run_at: null,
  last_run_id: null,
  skipped: 0,
};

describe('the clocks of tasks', () => {
  it('are listed by the names of their tasks, with the next run', async () => {
    await synced();
    const { body } = await api.ask('GET', '/clocks');
    expect(body).toMatchObject({ object: 'list', has_more: false });
    expect(body.data).toEqual([weekly, expect.objectContaining({ task: 'table.sweep', every_seconds: 300 })]);
    expect((await api.ask('GET', '/clocks?limit=1&after=report.weekly')).body.data).toMatchObject([
      { task: 'table.sweep' },
    ]);
    expect((await api.ask('GET', '/clocks/report.weekly')).body).toEqual({ object: 'clock', ...weekly });
    expect((await api.ask('GET', '/tasks/report.weekly')).body.next_run_at).toBe(weekly.next_run_at);
  });

  it('are there before the schedule has stored them', async () => {
    expect((await api.ask('GET', '/clocks')).body.data).toMatchObject([
      { ...weekly, next_run_at: null },
      { task: 'table.sweep' },
    ]);
    expect((await api.ask('GET', '/clocks/report.weekly')).status).toBe(200);
  });

  it('pause, resume, and run now', async () => {
    await synced();
    const paused = await api.ask('POST', '/clocks/report.weekly/pause');
    expect(paused.body).toMatchObject({ object: 'clock', paused: true, next_run_at: null });
    expect((await api.ask('POST', '/clocks/report.weekly/resume')).body).toEqual({ object: 'clock', ...weekly });
    const { status, body } = await api.ask('POST', '/clocks/report.weekly/run');
    expect([status, body]).toEqual([202, { object: 'run', id: expect.any(String) }]);
    expect((await api.ask('GET', `/runs/${body.id}`)).body).toMatchObject({ task: 'report.weekly', status: 'queued' });
  });

  it.each([
    ['GET', '/clocks/report.wekly', 'Did you mean `report.weekly`?'],
    ['POST', '/clocks/report.wekly/pause', 'Did you mean `report.weekly`?'],
    ['GET', '/clocks/users.count', 'A clock of `users.count` not found'],
    ['POST', '/clocks/users.count/run', 'A clock of `users.count` not found'],
  ])('%s %s is a 404', async (method, path, message) => {
    expect(await api.ask(method, path)).toMatchObject({
      status: 404,
      body: { message: expect.stringContaining(message) },
    });
  });
});
