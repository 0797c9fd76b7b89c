import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRedisBackend } from '../../functions/adapters/redis/backend.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import { taskQueueNames } from '../../functions/core/queues.ts';
import { runKey } from '../../functions/core/run/run.ts';
import { tasksNamespace } from '../../functions/runtime/tasks/tasks-redis.ts';
import { createHttpTransport } from '../../functions/tasks/http-transport.ts';
import { group, setTransport } from '../../functions/tasks/tasks.ts';
import { silentClient } from '../../lib/local/redis.ts';
import { localConfig } from '../../lib/local/secret.ts';
import { watchTasks } from '../../lib/local/watch-tasks.ts';
import { synthesize } from '../../lib/synth.ts';
import { cli } from '../bin/cli/cli.ts';
import { echo, refused } from '../fixtures/tasks/tasks.ts';
import { PROVING_TASKS, runOwnTasks } from '../permissions/own-tasks.ts';
import { onFlowsBackend, onRedis } from './flows-backend.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type Json, running } from './running.ts';

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'tasks-flow-')));
const file = join(scratch, 'tasks.ts');
const writeTasks = (version: string) =>
  writeFileSync(
    file,
    `import { task } from 'sendoff/tasks';
export * from ${JSON.stringify(join(import.meta.dirname, '..', 'fixtures', 'tasks', 'tasks.ts'))};
export * from ${JSON.stringify(PROVING_TASKS)};
export const version = task('test.version', {}, async () => ${version});
`,
  );
writeTasks("'first'");
const { config = {} } = onFlowsBackend({ config: { tasks: file } });
const synthesis = synthesize(localConfig(config));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  rmSync(synthesis.assemblyDirectory, { recursive: true, force: true });
});

const local = running({
  config,
  synthesis,
  // A message of a killed function is visible again soon.
  functionEnvironment: { SENDOFF_VISIBILITY_SECONDS: '2' },
});

let receiver: Receiver;
// Before the first run: a function of tasks looks for the first endpoint only now and then.
beforeAll(async () => {
  receiver = await startReceiver();
  const events = ['task.succeeded', 'task.failed'];
  await local.request('POST', '/webhooks', { endpoint: receiver.url, events });
});
afterAll(() => receiver?.close());

/** Calls a task over HTTP; answers the id of its run. */
async function call(task: string, body: object = {}): Promise<string> {
  const { status, json } = await local.request('POST', `/tasks/${task}`, body);
  expect([status, json]).toMatchObject([202, { object: 'run' }]);
  return json.id;
}

/** The run when it has ended. */
async function ended(id: string): Promise<Json> {
  for (;;) {
    const { json } = await local.request('GET', `/runs/${id}?wait=20`);
    if (!['queued', 'running'].includes(json.status)) return json;
  }
}

function tableOfRuns(): Table {
  if (!local.redis) return local.table;
  const namespace = tasksNamespace(local.cloud.outputs.RedisNamespace ?? '');
  return createRedisBackend(silentClient(local.redis, namespace, taskQueueNames)).table;
}

it('runs a task that is called over HTTP, and keeps its result', async () => {
  const run = await ended(await call('test.echo', { args: { text: 'hello' } }));
  expect(run).toMatchObject({ task: 'test.echo', status: 'succeeded', attempts: 1 });
  expect(run.result).toEqual({ text: 'hello', attempt: 1 });
  expect(run.progress).toEqual({ done: 1, total: 1 });
});

it('keeps arguments and results that are too large for a record', async () => {
  const text = 'x'.repeat(700_000);
  expect((await ended(await call('test.echo', { args: { text } }))).result.text).toBe(text);
});

it('refuses arguments and names of tasks that the file does not declare', async () => {
  const wrong = await local.request('POST', '/tasks/test.echo', { args: { text: 1 } });
  expect([wrong.status, wrong.json.message]).toEqual([422, expect.stringContaining('text')]);
  const unknown = await local.request('POST', '/tasks/test.ecko', {});
  expect([unknown.status, unknown.json.message]).toEqual([404, expect.stringContaining('test.echo')]);
});

it('tries a run again that failed, unless the task says that this does not help', async () => {
  const [retried, refused] = await Promise.all(
    ['test.retried', 'test.refused'].map(async (name) => ended(await call(name))),
  );
  expect(retried).toMatchObject({ status: 'succeeded', attempts: 2, result: { attempt: 2 } });
  expect(refused).toMatchObject({ status: 'failed', attempts: 1, error: { message: 'never again' } });
});

it('sends emails from a run, which calls other tasks', async () => {
  const { result } = await ended(await call('test.busy', { args: { to: 'someone@example.com' } }));
  expect(await ended(result.run)).toMatchObject({ status: 'succeeded', result: { text: 'called' } });
  await local.cloud.idle();
  const subjects = local.cloud.ses.messages().map(({ raw }) => /^Subject: (.*?)\r?$/m.exec(raw.toString())?.[1]);
  expect(subjects).toEqual(['From a run']);
});

it('goes on with a run whose function was killed, and does no finished step again', async () => {
  const steps = join(scratch, 'steps');
  const id = await call('test.crashing', { args: { file: steps } });
  await until(async () => (await local.request('GET', `/runs/${id}`)).json.steps.length === 1);
  expect(local.cloud.function(onRedis ? 'RedisTasksFunction' : 'TasksFunction').kill()).toBeGreaterThan(0);
  // Its lease would last a minute.
  await tableOfRuns().update(runKey(id), { set: { leaseUntilMs: Date.now() } });
  expect(await ended(id)).toMatchObject({ status: 'succeeded', attempts: 2, result: { attempt: 2 } });
  expect(readFileSync(steps, 'utf8')).toBe('first 1\nsecond 2\n');
}, 60_000);

it('runs a clock when it is asked to', async () => {
  const { json } = await local.request('POST', '/clocks/test.yearly/run');
  expect(await ended(json.id)).toMatchObject({ status: 'succeeded', task: 'test.yearly' });
});

it('is called by `.delay()` from another program, by the command line and in a group, and tells a webhook', async () => {
  const { apiUrl: url } = local.cloud;
  try {
    setTransport(createHttpTransport({ url, apiKey: local.apiKey }));
    const { id } = await echo.delay({ text: 'delayed' }, { delaySeconds: 1, idempotencyKey: 'once' });
    expect(await echo.delay({ text: 'delayed' }, { idempotencyKey: 'once' })).toEqual({ id });
    const members = await group([echo.with({ text: 'a' }), refused.with()]).delay();
    const env = { SENDOFF_API_KEY: local.apiKey, SENDOFF_API_URL: url };
    const shown = await cli(['tasks', 'run', 'test.echo', '--args', '{"text":"typed"}', '--wait'], { env });
    expect([shown.exitCode, shown.out]).toEqual([0, expect.stringContaining('"text":"typed"')]);
    expect(await ended(id)).toMatchObject({ result: { text: 'delayed' } });
    const failed = await receiver.waitFor(({ event }) => event.type === 'task.failed');
    expect(failed.event.data).toEqual({
      run_id: expect.any(String),
      task: 'test.refused',
      status: 'failed',
      attempts: 1,
      error: { code: 'error', message: 'never again' },
      created_at: expect.any(String),
      finished_at: expect.any(String),
    });
    await receiver.waitFor(({ event }) => event.data.run_id === id && event.data.status === 'succeeded');
    await until(async () => (await local.request('GET', `/run-groups/${members.id}`)).json.finished_at !== null);
    const { json } = await local.request('GET', `/run-groups/${members.id}`);
    expect(json).toMatchObject({ closed: true, total: 2, succeeded: 1, failed: 1 });
  } finally {
    setTransport(undefined);
  }
});

it('runs groups, chains and limited tasks, and its roles allow every call', async () => {
  await runOwnTasks({ local, ask: async (method, path, body) => (await local.request(method, path, body)).json });
  expect(local.events.filter(({ kind }) => kind === 'denied')).toEqual([]);
}, 60_000);

it('swaps the code of the functions when a file of the tasks changes, and keeps the old one if it does not build', async () => {
  const said: string[] = [];
  const watching = { template: synthesis.template, directory: scratch, cloud: local.cloud };
  const unwatch = watchTasks({ ...watching, say: (line) => void said.push(line) });
  try {
    writeTasks("'second'");
    await until(async () => said.length === 1);
    expect(said[0]).toMatch(/^tasks: tasks\.ts changed; the new code runs/);
    expect((await ended(await call('test.version'))).result).toBe('second');
    writeTasks('((');
    await until(async () => said.length === 2);
    expect(said[1]).toMatch(/^tasks: tasks\.ts changed; the old code goes on\.\n.*do not build.*tasks\.ts:4:/s);
    expect((await ended(await call('test.version'))).result).toBe('second');
  } finally {
    unwatch?.();
  }
}, 60_000);

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20));
}
