import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalFunction } from '../../../../../lib/local/cloud/lambda/function.ts';
import {
  functionResources,
  openTestCloud,
  startTestCloud,
  type TestCloud,
  temporaryFolder,
} from '../fixtures/stack.ts';

/** Performs the action that its event names. */
const source = `
import { existsSync } from 'node:fs';
let count = 0;
export const handler = async (event, context) => {
  count += 1;
  if (event.throw) throw Object.assign(new Error(event.throw), { name: 'TypeError' });
  if (event.hang) { console.log(event.hang); await new Promise(() => setInterval(() => {}, 1000)); }
  if (event.exit !== undefined) process.exit(event.exit);
  if (event.spin) for (;;);
  if (event.sleepMs) await new Promise((resolve) => setTimeout(resolve, event.sleepMs));
  while (event.holdUntil && !existsSync(event.holdUntil)) await new Promise((resolve) => setTimeout(resolve, 10));
  if (event.log) { console.log(event.log); console.error(event.log + ' on stderr'); }
  return { pid: process.pid, count, env: event.env ? process.env : undefined, context, remainingMs: context.getRemainingTimeInMillis(), echo: event.echo };
};`;

type Answer = {
  pid: number;
  count: number;
  env?: Record<string, string>;
  context: Record<string, unknown>;
  remainingMs: number;
  echo?: unknown;
};

async function call(target: LocalFunction, event: Record<string, unknown> = {}): Promise<Answer> {
  const { payload, error } = await target.invoke(event);
  if (error) throw new Error(`${error.errorType}: ${error.errorMessage}`);
  return payload as Answer;
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a function', () => {
  const assetDirectory = temporaryFolder();
  let cloud: TestCloud;
  let target: LocalFunction;
  beforeAll(async () => {
    process.env.SECRET_OF_THE_DEVELOPER = 'must not leak';
    const properties = {
      Timeout: 3,
      MemorySize: 192,
      Environment: { Variables: { TABLE: 'table', SIZE: 3, AWS_REGION: 'eu-nowhere-1' } },
    };
    const Resources = {
      ...functionResources(assetDirectory, 'Echo', { source, properties }),
      ...functionResources(assetDirectory, 'Patient', { source, properties: { ...properties, Timeout: 60 } }),
    };
    cloud = await openTestCloud({ Resources }, { assetDirectory, functionEnvironment: { EXTRA: 'extra' } });
    target = cloud.function('Echo');
    return () => cloud.close();
  });

  it('answers what the handler returns, in an instance that stays warm', async () => {
    const first = await call(target, { echo: { a: [1, 'ü'] } });
    const second = await call(target);
    expect(first.echo).toEqual({ a: [1, 'ü'] });
    expect(second).toMatchObject({ pid: first.pid, count: first.count + 1 });
  });

  it('gets a context as on AWS', async () => {
    const { context, remainingMs } = await call(target);
    expect(context).toMatchObject({
      functionName: 'local-Echo',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:local-Echo',
      memoryLimitInMB: '192',
      logGroupName: '/aws/lambda/local-Echo',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(3000);
  });

  it('sees the reserved variables, the template and the endpoint, and nothing of the developer but PATH', async () => {
    const { env = {} } = await call(target, { env: true });
    expect(env).toMatchObject({
      TABLE: 'table',
      SIZE: '3',
      EXTRA: 'extra',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'local-Echo',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '192',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/local-Echo',
      AWS_LAMBDA_LOG_STREAM_NAME: expect.stringContaining('[$LATEST]'),
      AWS_LAMBDA_RUNTIME_API: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_ENDPOINT_URL: cloud.awsEndpoint,
      LAMBDA_TASK_ROOT: target.definition.taskRoot,
      _HANDLER: 'index.handler',
      TZ: ':UTC',
    });
    expect(env.PATH).toBe(process.env.PATH);
    const own = [
      'TABLE',
      'SIZE',
      'EXTRA',
      'PATH',
      'HOME',
      'LANG',
      'TZ',
      '_HANDLER',
      'LAMBDA_TASK_ROOT',
      'LAMBDA_RUNTIME_DIR',
    ];
    const others = Object.keys(env).filter((name) => !own.includes(name) && !name.startsWith('AWS_'));
    expect(others).toEqual([]);
    expect(env).not.toHaveProperty('SECRET_OF_THE_DEVELOPER');
  });

  it('reports what the handler throws', async () => {
    const { payload, error } = await target.invoke({ throw: 'no such thing' });
    expect(error).toEqual({ errorType: 'TypeError', errorMessage: 'no such thing' });
    expect(payload).toMatchObject({ errorType: 'TypeError', errorMessage: 'no such thing', trace: expect.any(Array) });
  });

  it('is killed when its time is up, even in a busy loop, and the next invocation works at once', async () => {
    const before = await call(target);
    const { error } = await target.invoke({ spin: true });
    expect(error?.errorType).toBe('Sandbox.Timedout');
    expect(error?.errorMessage).toMatch(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 3\.00 seconds$/);
    const after = await call(target);
    expect(after.pid).not.toBe(before.pid);
  });

  it('fails an invocation whose process exits, and the next one works', async () => {
    const { error } = await target.invoke({ exit: 3 });
    expect(error).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining('Runtime exited with error: exit status 3'),
    });
    expect((await call(target)).count).toBe(1);
  });

  it('fails the invocation of an instance that is killed, at once', async () => {
    const hanging = target.invoke({ hang: 'hanging now' });
    await cloud.waitFor('output', (event) => event.line === 'hanging now');
    expect(target.kill()).toBeGreaterThan(0);
    const { error } = await hanging;
    expect(error?.errorMessage).toContain('signal: killed');
    expect((await call(target)).count).toBe(1);
  });

  it('runs one invocation at a time in an instance, and several instances at once', async () => {
    const patient = cloud.function('Patient');
    const released = join(temporaryFolder(), 'released');
    const answers = [1, 2, 3].map(() => call(patient, { holdUntil: released }));
    await vi.waitUntil(() => patient.stats().busy === 3, { timeout: 20_000 });
    writeFileSync(released, '');
    expect(new Set((await Promise.all(answers)).map(({ pid }) => pid)).size).toBe(3);
    expect(patient.stats().busy).toBe(0);
  });

  it('forwards its output, line by line', async () => {
    await call(target, { log: 'two\nlines' });
    await cloud.waitFor('output', (event) => event.line === 'lines on stderr' && event.stream === 'stderr');
    const lines = cloud.events.filter((event) => event.kind === 'output' && event.stream === 'stdout');
    expect(lines.slice(-2)).toMatchObject([
      { functionName: 'Echo', line: 'two' },
      { functionName: 'Echo', line: 'lines' },
    ]);
  });

  it('says how long each cold start took, and how much CPU and memory it used, ended instances included', async () => {
    await call(target);
    const { coldStarts, initMs } = target.stats();
    expect(initMs).toHaveLength(coldStarts);
    expect(await cloud.waitFor('cold-start')).toMatchObject({ functionName: 'Echo', initMs: initMs[0] });
    const before = target.cpuMs();
    expect(before).toBeGreaterThan(0);
    target.kill();
    expect(target.cpuMs()).toBeGreaterThanOrEqual(before);
    // A process of Node.js alone has 40 MiB; ours has more than the function.
    expect(target.stats().maxMemoryMiB).toBeGreaterThan(20);
    expect(target.stats().maxMemoryMiB).toBeLessThan(process.memoryUsage.rss() / 1024 ** 2);
  });
});

describe('a function that cannot start', () => {
  it.each([
    ['throws while it is loaded', `throw new RangeError('bad config');`, 'RangeError', 'bad config'],
    ['exports no handler', 'export const other = 1;', 'Runtime.HandlerNotFound', 'index.handler'],
    ['exits while it is loaded', 'process.exit(7);', 'Runtime.ExitError', 'exit status 7'],
  ])('because it %s fails each invocation with the reason', async (_case, broken, errorType, message) => {
    const assetDirectory = temporaryFolder();
    const cloud = await startTestCloud(
      { Resources: functionResources(assetDirectory, 'Broken', { source: broken }) },
      { assetDirectory },
    );
    for (const _attempt of [1, 2]) {
      const { error } = await cloud.function('Broken').invoke({});
      expect(error).toEqual({ errorType, errorMessage: expect.stringContaining(message) });
    }
    expect(cloud.function('Broken').stats().instances).toBe(0);
  });

  it('because its asset is missing is refused when the stack is created', async () => {
    const assetDirectory = temporaryFolder();
    const Resources = functionResources(assetDirectory, 'Lost', { source, properties: { Code: { S3Key: 'abc.zip' } } });
    await expect(startTestCloud({ Resources }, { assetDirectory })).rejects.toThrow('has no asset abc');
  });

  it('because its runtime is not Node is refused when the stack is created', async () => {
    const assetDirectory = temporaryFolder();
    const Resources = functionResources(assetDirectory, 'Snake', { source, properties: { Runtime: 'python3.13' } });
    await expect(startTestCloud({ Resources }, { assetDirectory })).rejects.toThrow('python3.13');
  });
});

describe('limits', () => {
  it('throttles above the reserved concurrency', async () => {
    const assetDirectory = temporaryFolder();
    const Resources = functionResources(assetDirectory, 'Few', {
      source,
      properties: { ReservedConcurrentExecutions: 1 },
    });
    const cloud = await startTestCloud({ Resources }, { assetDirectory });
    const results = await Promise.all([1, 2].map(() => cloud.function('Few').run('{"sleepMs":50}')));
    expect(results.map(({ throttled = false }) => throttled)).toEqual([false, true]);
  });

  it('throttles above the concurrency of the account, of which reserved executions are set aside', async () => {
    const assetDirectory = temporaryFolder();
    const Resources = {
      ...functionResources(assetDirectory, 'First', { source }),
      ...functionResources(assetDirectory, 'Second', { source }),
      ...functionResources(assetDirectory, 'Reserved', { source, properties: { ReservedConcurrentExecutions: 1 } }),
    };
    const cloud = await startTestCloud({ Resources }, { assetDirectory, lambdaConcurrency: 2 });
    const throttled = async (...names: string[]) => {
      const results = await Promise.all(names.map((name) => cloud.function(name).run('{"sleepMs":50}')));
      return results.map((result) => result.throttled ?? false);
    };
    expect(await throttled('First', 'Second', 'Reserved')).toEqual([false, true, false]);
    expect(await throttled('Second')).toEqual([false]);
  });

  it('makes invocations wait when all processes are taken, and takes an idle one from another function', async () => {
    const assetDirectory = temporaryFolder();
    const Resources = {
      ...functionResources(assetDirectory, 'First', { source }),
      ...functionResources(assetDirectory, 'Second', { source }),
    };
    const cloud = await startTestCloud({ Resources }, { assetDirectory, maxInstances: 1 });
    const answers = await Promise.all([1, 2, 3].map(() => call(cloud.function('First'))));
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1);
    await call(cloud.function('Second'));
    expect(cloud.function('First').stats().instances).toBe(0);
  });
});

describe('asynchronous invocations', () => {
  const failing = `
import { appendFileSync } from 'node:fs';
export const handler = async ({ file }) => {
  appendFileSync(file, 'x');
  throw new Error('always');
};`;

  const retries = (MaximumRetryAttempts: number) => ({
    Retries: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: { Ref: 'Failing' }, MaximumRetryAttempts },
    },
  });
  it.each([
    ['three times', {}, 3],
    ['as often as the template says', retries(0), 1],
  ])('are tried %s, then dropped', async (_often, resources, attempts) => {
    const assetDirectory = temporaryFolder();
    const cloud = await startTestCloud(
      { Resources: { ...functionResources(assetDirectory, 'Failing', { source: failing }), ...resources } },
      { assetDirectory, overrides: { asyncRetryDelaysSeconds: [0.01, 0.02] } },
    );
    const file = join(temporaryFolder(), 'attempts');
    expect(await cloud.function('Failing').invoke({ file }, { async: true })).toEqual({ payload: null });
    await cloud.idle();
    expect(readFileSync(file, 'utf8')).toBe('x'.repeat(attempts));
    expect(await cloud.waitFor('event-dropped')).toMatchObject({ functionName: 'Failing', attempts });
  });
});

describe('closing the cloud', () => {
  it('ends every process, and may be done twice', async () => {
    const assetDirectory = temporaryFolder();
    const cloud = await startTestCloud(
      { Resources: functionResources(assetDirectory, 'Echo', { source }) },
      { assetDirectory },
    );
    const { pid } = await call(cloud.function('Echo'));
    const running = cloud.function('Echo').invoke({ hang: 'hanging now' });
    await cloud.waitFor('output', (event) => event.line === 'hanging now');
    const waiting = cloud.function('Echo').invoke({});
    await Promise.all([cloud.close(), cloud.close()]);
    expect((await running).error?.errorType).toBe('Runtime.ExitError');
    expect((await waiting).error?.errorType).toMatch(/Sandbox.Closed|Runtime.ExitError/);
    expect((await cloud.function('Echo').invoke({})).error?.errorType).toBe('Sandbox.Closed');
    expect(isAlive(pid)).toBe(false);
  });
});

describe('a cloud that is killed', () => {
  it('takes its instances along', async () => {
    const assetDirectory = temporaryFolder();
    const Resources = functionResources(assetDirectory, 'Echo', { source });
    const script = join(assetDirectory, 'cloud.mts');
    const cloudModule = new URL('../../../../../lib/local/cloud/cloud.ts', import.meta.url).href;
    writeFileSync(
      script,
      `import { startLocalCloud } from '${cloudModule}';
const cloud = await startLocalCloud(${JSON.stringify({ template: { Resources }, assetDirectory })});
console.log((await cloud.function('Echo').invoke({})).payload.pid);`,
    );
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'close');
    await vi.waitUntil(() => !isAlive(pid), { timeout: 5_000 });
  });
});

describe('a bundle', () => {
  it.each([
    ['CommonJS in index.js', 'index.js', 'exports.handler = async () => "cjs";'],
    ['CommonJS in index.cjs', 'index.cjs', 'exports.handler = async () => "cjs";'],
    ['an ES module in index.mjs', 'index.mjs', 'export const handler = () => "esm";'],
  ])('may be %s', async (_name, file, code) => {
    const assetDirectory = temporaryFolder();
    const folder = join(assetDirectory, 'asset.bundle');
    mkdirSync(folder);
    writeFileSync(join(folder, file), code);
    const Resources = functionResources(assetDirectory, 'Bundle', {
      source,
      properties: { Code: { S3Key: 'bundle.zip' } },
    });
    const cloud = await startTestCloud({ Resources }, { assetDirectory });
    expect((await cloud.function('Bundle').invoke({})).payload).toBe(file === 'index.mjs' ? 'esm' : 'cjs');
  });
});
afterAll(() => {
  delete process.env.SECRET_OF_THE_DEVELOPER;
});
