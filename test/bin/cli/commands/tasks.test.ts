import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { progressLine } from '../../../../bin/cli/commands/tasks/wait.ts';
import { syncClocks } from '../../../../functions/core/clock/sync.ts';
import { newId } from '../../../../functions/core/ids.ts';
import { failedPartition, runKey } from '../../../../functions/core/run/run.ts';
import { manifest } from '../../../functions/api/tasks/declared-tasks.ts';
import { type ApiClient, createApiClient, FULL_KEY } from '../../../helpers/api-client.ts';
import { serveApp } from '../../../helpers/served-app.ts';
import { cli, type Situation } from '../cli.ts';

let api: ApiClient;
let server: Awaited<ReturnType<typeof serveApp>>;
beforeEach(async () => {
  api = await createApiClient(undefined, { tasks: manifest });
  server = await serveApp(api);
});
afterEach(() => server.close());

const tasks = (args: readonly string[], situation: Situation = {}) =>
  cli(['tasks', ...args], {
    now: () => api.clock.nowMs,
    ...situation,
    env: { SENDOFF_API_KEY: FULL_KEY, SENDOFF_API_URL: server.url },
  });
const got = async (id: string) => (await api.ask('GET', `/runs/${id}`)).body;
const ended = (id: string, status: string, more: object = {}) =>
  api.backend.table.update(runKey(id), { set: { status, endedAtMs: api.clock.nowMs, attempts: 2, ...more } });

async function made(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    api.clock.nowMs += 1_000;
    ids.push((await api.ask('POST', '/tasks/users.count', { args: n })).body.id);
  }
  return ids;
}

/** Lets runs fail, each with one of two errors. */
async function fail(ids: readonly string[]): Promise<void> {
  for (const [n, id] of ids.entries()) {
    const { created_at } = await got(id);
    await api.backend.table.update(runKey(id), {
      set: { status: 'failed', endedAtMs: 1, error: { code: 'error', message: n % 3 === 0 ? 'gone' : 'no answer' } },
      due: {
        partition: failedPartition('users.count'),
        sort: `${String(Date.parse(created_at)).padStart(13, '0')}#${id}`,
      },
    });
  }
}

describe('sendoff tasks list', () => {
  it('shows what was declared', async () => {
    const { out } = await tasks(['list']);
    expect(out).toMatch(/notification\.send +transactional +30 s +5 +20 a second +50/);
    expect(out).toMatch(/report\.weekly .* 0 6 \* \* MON \(Europe\/Berlin\)/);
    expect(out).toMatch(/table\.sweep .* every 300 s/);
    expect(JSON.parse((await tasks(['list', '--json'])).out)).toHaveLength(manifest.tasks.length);
  });
});

describe('sendoff tasks run', () => {
  it('prints the id of the run', async () => {
    const { exitCode, out } = await tasks(['run', 'users.count', '--args', '{"a":1}', '--in', '1 hour']);
    expect([exitCode, await got(out)]).toMatchObject([0, { args: { a: 1 }, status: 'queued' }]);
    const json = await tasks(['run', 'users.count', '--args', '-', '--json'], { input: '[1]' });
    expect((await got(JSON.parse(json.out).id)).args).toEqual([1]);
  });

  it('makes one run of a key', async () => {
    const run = () => tasks(['run', 'users.count', '--idempotency-key', 'k']);
    expect((await run()).out).toBe((await run()).out);
  });

  it('waits for the end, with the progress and the result', async () => {
    const lines: string[] = [];
    const progress = (line: string) => {
      lines.push(line);
      void api
        .ask('GET', '/runs')
        .then(({ body }) => ended(body.data[0].id, 'succeeded', { result: { json: '"all"' } }));
    };
    const { exitCode, out } = await tasks(['run', 'users.count', '--wait'], { progress });
    expect([exitCode, lines[0]]).toEqual([0, 'queued …']);
    expect(out).toMatch(/Status +succeeded\nAttempts +2\n[\s\S]*Result +"all"/);
  });

  it('ends with exit code 1 if the run failed', async () => {
    const progress = () =>
      void api
        .ask('GET', '/runs')
        .then(({ body }) =>
          ended(body.data[0].id, 'failed', { error: { code: 'error', message: 'no\u001b[31m user' } }),
        );
    const result = await tasks(['run', 'users.count', '--wait', '--json'], { progress });
    expect(result).toMatchObject({ exitCode: 1, notes: expect.stringContaining('The run ended as failed: no') });
    expect(JSON.parse(result.out)).toMatchObject({ status: 'failed' });
  });

  it('stops waiting at Ctrl-C; the run goes on', async () => {
    const controller = new AbortController();
    controller.abort();
    const result = await tasks(['run', 'users.count', '--wait'], { interrupt: controller.signal });
    expect(result).toMatchObject({ exitCode: 130, notes: expect.stringContaining('the run goes on (queued)') });
  });

  it.each([
    [['run', 'users.cuont'], 3, 'Did you mean `users.count`?'],
    [['run', 'notification.send', '--args', '{"userId":1}'], 2, 'Invalid `args.userId` field'],
    [['run', 'users.count', '--args', '{'], 2, '--args must be JSON'],
    [['run', 'users.count', '--in', 'soon'], 2, 'Invalid `in` field'],
    [['run', 'cache.warm', '--wait'], 2, 'there is nothing to wait for'],
    [['show', newId()], 3, 'Run not found'],
    [['cancel', newId()], 3, 'Run not found'],
    [['retry'], 2, 'Give the ids of runs, or --failed.'],
    [['retry', 'x', '--task', 'users.count'], 2, 'choose among --failed'],
  ])('%j ends with exit code %i', async (args, exitCode, note) => {
    expect(await tasks(args)).toMatchObject({ exitCode, notes: expect.stringContaining(note) });
  });
});

describe('sendoff tasks runs, show and cancel', () => {
  it('list, show and cancel runs', async () => {
    const [first = '', second = ''] = await made(2);
    expect((await tasks(['runs', '--task', 'users.count', '--max', '1'])).out).toMatch(
      new RegExp(`^RUN .*\n${second}  users.count  queued`),
    );
    expect((await tasks(['runs', '--status', 'failed'])).out).toBe('No runs.');
    expect((await tasks(['show', first])).out).toMatch(/Args +0\n[\s\S]*queued/);
    expect((await tasks(['cancel', first])).out).toMatch(/Status +canceled/);
    expect(await tasks(['cancel', first])).toMatchObject({ exitCode: 1, notes: expect.stringContaining('(409)') });
    expect(await tasks(['show', first, '--wait'])).toMatchObject({ exitCode: 1 });
  });

  it('shows the progress where the task tells how much there is', () => {
    const run = { status: 'running', attempts: 1, progress: { done: 500, total: 1_000 } };
    expect(progressLine(run)).toBe('████████████░░░░░░░░░░░░ 500 of 1,000 · running');
    expect(progressLine({ ...run, attempts: 2, progress: { done: 3, total: null } })).toBe('running (attempt 2) · 3');
  });
});

describe('sendoff tasks retry', () => {
  it('retries the runs that are named', async () => {
    const [id = ''] = await made(1);
    expect(await tasks(['retry', id])).toMatchObject({ exitCode: 1, notes: expect.stringContaining('(409)') });
    await fail([id]);
    expect((await tasks(['retry', id])).out).toBe('Retried 1 run.');
    expect((await got(id)).status).toBe('queued');
  });

  it('counts all that failed by error, asks, and retries them', async () => {
    const ids = await made(120);
    await fail(ids);
    const dry = await tasks(['retry', '--failed', '--dry-run']);
    expect(dry.out).toMatch(
      /RUNS +TASK +EXAMPLE +ERROR\n +80 +users\.count +\S+ +error: no answer\n +40 .* error: gone/,
    );
    expect(await tasks(['retry', '--failed'])).toMatchObject({ exitCode: 2, notes: expect.stringContaining('--yes') });
    expect(JSON.parse((await tasks(['retry', '--failed', '--since', '10s', '--dry-run', '--json'])).out).failed).toBe(
      11,
    );
    const { out } = await tasks(['retry', '--failed', '--task', 'users.count', '--yes', '--json']);
    expect(JSON.parse(out)).toMatchObject({ failed: 120, retried: 120, left: 0 });
    expect((await tasks(['retry', '--failed'])).out).toBe('No failed run to retry.');
  });

  it('stops at Ctrl-C, says how many, and goes on when run again', async () => {
    await fail(await made(120));
    const controller = new AbortController();
    const progress = (line: string) => {
      if (line.startsWith('retried')) controller.abort();
    };
    const stopped = await tasks(['retry', '--failed', '--yes'], { interrupt: controller.signal, progress });
    expect(stopped).toMatchObject({
      exitCode: 130,
      notes: expect.stringContaining('Stopped: 100 of 120 runs retried'),
    });
    expect((await tasks(['retry', '--failed', '--yes'])).out).toBe('Retried 20 runs.');
  });
});

describe('sendoff tasks schedule', () => {
  it('lists, pauses, resumes and runs clocks', async () => {
    expect((await tasks(['schedule', 'list'])).out).toMatch(/report\.weekly +0 6/);
    await syncClocks({ ...api, tasks: manifest.tasks, now: () => api.clock.nowMs, newId });
    expect((await tasks(['schedule', 'list'])).out).toContain('2026-11-23 05:00:00Z');
    expect((await tasks(['schedule', 'pause', 'report.weekly'])).out).toContain('paused');
    const resumed = await tasks(['schedule', 'resume', 'report.weekly', '--json']);
    expect(JSON.parse(resumed.out)).toMatchObject({ task: 'report.weekly', paused: false });
    const { out } = await tasks(['schedule', 'run', 'report.weekly']);
    expect((await got(out)).task).toBe('report.weekly');
    expect(await tasks(['schedule', 'pause', 'users.count'])).toMatchObject({ exitCode: 3 });
  });
});
