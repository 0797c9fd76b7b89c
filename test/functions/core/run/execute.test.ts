import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readJson } from '../../../../functions/core/run/store.ts';
import { DoNotRetry, RetryAfter, task } from '../../../../functions/tasks/tasks.ts';
import { createRunning } from './running.ts';

const id = z.object({ id: z.string() });

describe('a run', () => {
  it('runs with its arguments parsed, and keeps its result', async () => {
    const seen: unknown[] = [];
    const args = z.object({ id: z.string(), at: z.coerce.date() });
    const greet = task('user.greet', { args }, async ({ id: user, at }, run) => {
      seen.push(user, at, run.attempt, run.task);
      return { greeted: user };
    });
    const running = createRunning([greet]);
    const runId = await running.accept(greet, { id: '7', at: '2026-01-01T00:00:00Z' });
    expect(await running.read(runId)).toMatchObject({ status: 'queued', attempts: 0 });
    await running.drain();
    expect(seen).toEqual(['7', new Date('2026-01-01T00:00:00Z'), 1, 'user.greet']);
    const run = await running.read(runId);
    expect(run).toMatchObject({ status: 'succeeded', attempts: 1, settled: true });
    expect(run.claimedBy).toBeUndefined();
    expect(await readJson(run.result, running.backend.bodies)).toEqual({ greeted: '7' });
    expect(running.backend.waiting()).toEqual([]);
  });

  it('is tried again by the policy, then fails with the error', async () => {
    const times: number[] = [];
    const retry = { attempts: 3, delaySeconds: 10 };
    const broken = task('thing.break', { retry }, async () => {
      times.push(running.time.now());
      throw new Error('no luck');
    });
    const running = createRunning([broken]);
    const runId = await running.accept(broken);
    await running.drain();
    expect(times.map((atMs) => (atMs - (times[0] ?? 0)) / 1_000)).toEqual([0, 5, 15]);
    const run = await running.read(runId);
    expect(run).toMatchObject({ status: 'failed', attempts: 3, error: { code: 'error', message: 'no luck' } });
    expect(run.error?.stack).toContain('execute.test.ts');
    expect(run.events?.map(({ type, attempt }) => [type, attempt])).toEqual([
      ['retry', 1],
      ['retry', 2],
    ]);
  });

  it('waits as RetryAfter says, over days by the due index', async () => {
    const times: number[] = [];
    const later = task('thing.later', {}, async () => {
      times.push(running.time.now());
      if (times.length === 1) throw new RetryAfter(3 * 86_400);
    });
    const running = createRunning([later]);
    const runId = await running.accept(later);
    await running.drain(60_000);
    expect(running.backend.waiting()).toEqual([]);
    const { handOverRuns } = await import('../../../../functions/core/run/accept/handover.ts');
    const handOver = () =>
      handOverRuns({ backend: running.backend, now: running.time.now, deadlineMs: running.time.now() + 60_000 });
    expect(await handOver()).toBe(0);
    await running.time.runUntil((times[0] ?? 0) + 3 * 86_400_000 - 600_000);
    expect(await handOver()).toBe(1);
    expect(await handOver()).toBe(0);
    await running.drain();
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(3 * 86_400_000);
    expect(await running.read(runId)).toMatchObject({ status: 'succeeded', attempts: 2 });
  });

  it('fails at once with DoNotRetry', async () => {
    const refused = task('thing.refuse', {}, async () => {
      throw new DoNotRetry('not for us');
    });
    const running = createRunning([refused]);
    const runId = await running.accept(refused);
    await running.drain();
    expect(await running.read(runId)).toMatchObject({ status: 'failed', attempts: 1 });
  });

  it('has its time-out: the signal aborts before it, the attempt ends at it, and nothing done later is recorded', async () => {
    const aborted: number[] = [];
    let late: unknown;
    const slow = task('thing.hang', { timeoutSeconds: 30, retry: { attempts: 1 } }, async (_: undefined, run) => {
      const startMs = running.time.now();
      run.signal.addEventListener('abort', () => aborted.push(running.time.now() - startMs));
      await running.time.wait(60_000);
      late = await run.step('late', () => 1).catch((error: unknown) => error);
    });
    const running = createRunning([slow]);
    const runId = await running.accept(slow);
    await running.drain(40_000);
    const run = await running.read(runId);
    expect(aborted).toEqual([27_000]);
    expect(run).toMatchObject({ status: 'failed', error: { code: 'timeout' } });
    expect((run.endedAtMs ?? 0) - (run.startedAtMs ?? 0)).toBe(30_000);
    await running.time.runUntil(running.time.now() + 60_000);
    expect(late).toBeInstanceOf(Error);
    expect(await running.read(runId)).toEqual(run);
  });

  it('keeps a result of 1 MB as a body, and fails with a larger one', async () => {
    const large = task('thing.large', { args: z.number() }, async (bytes) => 'x'.repeat(bytes));
    const running = createRunning([large]);
    const fits = await running.accept(large, 1024 * 1024 - 2);
    const tooLarge = await running.accept(large, 1024 * 1024);
    await running.drain();
    const run = await running.read(fits);
    expect(JSON.stringify(run).length).toBeLessThan(1_000);
    expect(await readJson(run.result, running.backend.bodies)).toHaveLength(1024 * 1024 - 2);
    expect(await running.read(tooLarge)).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'result_too_large' },
    });
  });

  it('keeps values exactly: empty lists, large numbers, deep objects', async () => {
    const value = {
      none: [],
      no: {},
      large: 1e300,
      tiny: 1e-300,
      deep: [[[[{ a: null }]]]],
      text: '\ud83d\ude00\u0000',
    };
    const echo = task('thing.echo', { args: z.any() }, async (args: unknown, run) => run.step('once', () => args));
    const running = createRunning([echo]);
    const runId = await running.accept(echo, value);
    await running.drain();
    const run = await running.read(runId);
    expect(await readJson(run.result, running.backend.bodies)).toEqual(value);
    expect(JSON.parse(String(run['step:once']))).toEqual(value);
  });

  it('stores large arguments as a body', async () => {
    const length = task('thing.length', { args: z.string() }, async (text) => text.length);
    const running = createRunning([length]);
    const runId = await running.accept(length, 'y'.repeat(300_000));
    await running.drain();
    const run = await running.read(runId);
    expect(run.args).toEqual({ body: `body#run/${runId}/args` });
    expect(await readJson(run.result, running.backend.bodies)).toBe(300_000);
  });

  it('expires unless it has begun in time', async () => {
    const calls: string[] = [];
    const once = task('thing.once', { args: id }, async ({ id: its }) => void calls.push(its));
    const running = createRunning([once]);
    const notAfterMs = running.time.now() + 60_000;
    const expired = await running.accept(once, { id: 'expired' }, { notAfterMs });
    running.time.skip(61_000);
    await running.drain();
    expect(calls).toEqual([]);
    expect(await running.read(expired)).toMatchObject({ status: 'expired', settled: true });
  });

  it('whose arguments do not fit any more waits among the dead letters with the reason, and runs when redriven after a fix', async () => {
    const old = task('thing.fit', { args: z.object({ a: z.number() }) }, async () => 'new');
    const running = createRunning([old]);
    const runId = await running.accept(old, { a: 'old' });
    await running.drain();
    expect(running.dead).toHaveLength(1);
    const refused = await running.read(runId);
    expect(refused).toMatchObject({ status: 'queued', attempts: 0, error: { code: 'invalid_args' } });
    expect(refused.error?.message).toContain('`a`');
    expect(JSON.stringify(running.logged)).not.toContain('"old"');
    await running.backend.table.update(`run#${runId}`, { set: { args: { json: '{"a":1}' } } });
    expect(await running.work(running.dead)).toEqual([]);
    const run = await running.read(runId);
    expect(run).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(run.error).toBeUndefined();
  });

  it('of a task that was taken from the file waits among the dead letters with the reason', async () => {
    const gone = task('thing.gone', {}, async () => 'back');
    const without = createRunning([]);
    const runId = await without.accept(gone);
    const running = createRunning([gone]);
    await without.drain();
    expect(without.dead).toHaveLength(1);
    expect(await without.read(runId)).toMatchObject({ status: 'queued', error: { code: 'unknown_task' } });
    expect(running.dead).toEqual([]);
  });

  it('is left to a function with more time', async () => {
    const long = task('thing.long', { timeoutSeconds: 840 }, async () => 'done');
    const running = createRunning([long]);
    const runId = await running.accept(long);
    const [first] = await running.backend.receive('tasks');
    if (!first) throw new Error('there is a job');
    running.time.skip(0);
    const worker = { dependencies: { now: () => running.time.now() + 600_000 } };
    expect(await running.work([first], worker)).toEqual([]);
    expect(await running.read(runId)).toMatchObject({ status: 'queued', attempts: 0 });
    await running.drain();
    expect(await running.read(runId)).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  it('logs no argument but what the task says', async () => {
    const quiet = task(
      'user.quiet',
      { args: z.object({ id: z.string(), secret: z.string() }), logged: (args) => ({ user: args.id }) },
      async () => 1,
    );
    const running = createRunning([quiet]);
    await running.accept(quiet, { id: 'u1', secret: 'tell-nobody' });
    await running.drain();
    const text = JSON.stringify(running.logged);
    expect(text).toContain('u1');
    expect(text).not.toContain('tell-nobody');
  });

  it('calls onFailed once, when it has failed for good', async () => {
    const calls: unknown[] = [];
    const options = {
      args: id,
      retry: { attempts: 2, delaySeconds: 1 },
      onFailed: async (args: { id: string }, error: { code: string }) => void calls.push([args.id, error.code]),
    };
    const broken = task('thing.fail', options, async () => {
      throw new Error('x');
    });
    const running = createRunning([broken]);
    const runId = await running.accept(broken, { id: 'a' });
    const job = running.backend.waiting()[0]?.job;
    await running.drain();
    expect(calls).toEqual([['a', 'error']]);
    expect(await running.work([{ id: 'again', body: JSON.stringify(job), queue: 'tasks' }])).toEqual([]);
    expect(calls).toHaveLength(1);
    expect(await running.read(runId)).toMatchObject({ status: 'failed', settled: true });
  });
});
