import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createAcceptTransport } from '../../../../functions/core/run/group/transport.ts';
import { readJson, readRun } from '../../../../functions/core/run/store.ts';
import { setTransport, task } from '../../../../functions/tasks/tasks.ts';
import { createRunning } from './running.ts';

const text = z.object({ text: z.string() });

afterEach(() => setTransport(undefined));

describe('an idempotency key', () => {
  const shout = task('text.shout', { args: text }, async (args) => args.text.toUpperCase());
  const once = task('text.once', { args: text, keep: false }, async () => {});

  it('makes one run of calls with the same arguments, whatever the order of their fields', async () => {
    const running = createRunning([shout]);
    const call = (argsJson: string) => running.accept(shout, undefined, { argsJson, idempotencyKey: 'k' });
    const first = await call('{"text":"a","more":{"b":1,"c":[]}}');
    expect(await call('{"more":{"c":[],"b":1},"text":"a"}')).toBe(first);
    await running.drain();
    expect(await call('{"text":"a","more":{"b":1,"c":[]}}')).toBe(first);
    await running.drain();
    expect(await running.read(first)).toMatchObject({ status: 'succeeded', attempts: 1 });
    await expect(call('{"text":"b"}')).rejects.toMatchObject({ status: 409, code: 'invalid_idempotent_request' });
  });

  it('is free again after its time, and no run of it is deleted before', async () => {
    const short = task('text.short', { args: text, keepDays: 1 }, async () => {});
    const running = createRunning([short]);
    const call = () => running.accept(short, { text: 'a' }, { idempotencyKey: 'k', uniqueMs: 10 * 86_400_000 });
    const first = await call();
    await running.drain();
    await running.time.runUntil(running.time.now() + 8 * 86_400_000);
    expect(await call()).toBe(first);
    await running.drain();
    expect(await running.read(first)).toMatchObject({ attempts: 1 });
    await running.time.runUntil(running.time.now() + 3 * 86_400_000);
    expect(await call()).not.toBe(first);
  });

  it('of a request that failed after the key was taken: the repeated one makes the run', async () => {
    const running = createRunning([shout]);
    const { backend } = running;
    const submit = () => Promise.reject(new Error('down'));
    const call = { text: 'a' };
    const broken = { ...running.acceptDependencies, backend: { ...backend, submit } };
    const { acceptRun } = await import('../../../../functions/core/run/accept/accept.ts');
    const request = { task: shout.description, argsJson: JSON.stringify(call), idempotencyKey: 'k' };
    await expect(acceptRun(request, broken)).rejects.toThrow('down');
    const id = await acceptRun(request, running.acceptDependencies);
    await running.drain();
    expect(await running.read(id)).toMatchObject({ status: 'succeeded' });
  });

  it('makes one message of calls of a task without a record', async () => {
    const running = createRunning([once]);
    const first = await running.accept(once, { text: 'a' }, { idempotencyKey: 'k' });
    expect(await running.accept(once, { text: 'a' }, { idempotencyKey: 'k' })).toBe(first);
    expect(running.backend.waiting()).toHaveLength(1);
  });

  it.each([
    [{ dueAtMs: Date.parse('2027-01-01') }, 'at most 30 days'],
    [{ notAfterMs: 1 }, 'later than now'],
    [{ idempotencyKey: '' }, '1 and 256'],
    [{ uniqueMs: 1 }, '1 second to 30 days'],
    [{ argsJson: `"${'x'.repeat(5 * 1024 * 1024)}"` }, '5 MB'],
  ])('refuses what is out of range: %#', async (request, message) => {
    await expect(createRunning([shout]).accept(shout, undefined, request)).rejects.toThrow(message);
  });
});

describe('duplicates and other workers', () => {
  it('a job that is delivered twice at once, or late, runs once', async () => {
    let starts = 0;
    const slow = task('work.slow', { timeoutSeconds: 120 }, async () => {
      starts++;
      await running.time.wait(100_000);
    });
    const running = createRunning([slow]);
    const id = await running.accept(slow);
    const [first] = await running.backend.receive('tasks');
    if (!first) throw new Error('there is a job');
    const again = { ...first, id: 'again' };
    expect(await Promise.all([running.work([first]), running.work([again])])).toEqual([[], []]);
    // The one that found it running waits on the queue until the lease has ended.
    await running.drain();
    expect(starts).toBe(1);
    expect(await running.work([first])).toEqual([]);
    expect(starts).toBe(1);
    expect(await running.read(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(running.backend.waiting()).toEqual([]);
  });

  it.each([-5_000, 5_000])('a worker whose clock is %i ms off takes no run from another', async (clockAheadMs) => {
    let starts = 0;
    const slow = task('work.skewed', { timeoutSeconds: 30 }, async () => {
      starts++;
      await running.time.wait(29_000);
    });
    const running = createRunning([slow]);
    await running.accept(slow);
    const [job] = await running.backend.receive('tasks');
    if (!job) throw new Error('there is a job');
    const working = running.work([job]);
    const other = (async () => {
      await running.time.wait(28_000);
      return running.work([{ ...job, id: 'again' }], { clockAheadMs });
    })();
    expect(await Promise.all([working, other])).toEqual([[], []]);
    expect(starts).toBe(1);
  });
});

describe('a task without a record', () => {
  it('is one message, tried again by the policy with the same id, and calls onFailed at last', async () => {
    const seen: unknown[] = [];
    const failed: unknown[] = [];
    const options = {
      args: text,
      keep: false,
      retry: { attempts: 3, delaySeconds: 10 },
      onFailed: async (args: { text: string }) => void failed.push(args.text),
    };
    const once = task('once.fail', options, async (args, run) => {
      seen.push([run.id, run.attempt, args.text]);
      await run.step('s', () => 1);
      run.progress(1);
      throw new Error('no');
    });
    const running = createRunning([once]);
    const id = await running.accept(once, { text: 'a' });
    expect(running.backend.waiting()).toHaveLength(1);
    await running.drain();
    expect(seen).toEqual([1, 2, 3].map((attempt) => [id, attempt, 'a']));
    expect(failed).toEqual(['a']);
    expect(await readRun(running.backend.table, id)).toBeUndefined();
    expect(running.backend.waiting()).toEqual([]);
  });

  it('has large arguments in a body, expires, continues, and goes to the dead letters if its arguments do not fit', async () => {
    const seen: number[] = [];
    const once = task('once.large', { args: z.string(), keep: false }, async (large, run) => {
      seen.push(large.length);
      if (large.length > 10) run.continue('small');
    });
    const running = createRunning([once]);
    await running.accept(once, 'x'.repeat(200_000));
    await running.accept(once, 7);
    await running.accept(once, 'late', { notAfterMs: running.time.now() + 1_000, dueAtMs: running.time.now() + 500 });
    running.time.skip(5_000);
    await running.drain();
    expect(seen).toEqual([200_000, 5]);
    expect(running.dead).toHaveLength(1);
  });
});

describe('.delay()', () => {
  it('checks the arguments, and makes a run; a chain carries its calls', async () => {
    const shout = task('text.delay', { args: text }, async (args) => args.text.toUpperCase());
    const running = createRunning([shout]);
    setTransport(createAcceptTransport(running.acceptDependencies));
    const { id } = await shout.delay({ text: 'a' }, { idempotencyKey: 'k' });
    expect(await shout.delay({ text: 'a' }, { idempotencyKey: 'k' })).toEqual({ id });
    // @ts-expect-error: the compiler refuses it, too
    await expect(shout.delay({ text: 1 })).rejects.toThrow('`text`');
    await expect(shout.delay({ text: 'a' }, { delaySeconds: 1, at: new Date() })).rejects.toThrow('not both');
    await running.drain();
    expect(await readJson((await running.read(id)).result, running.backend.bodies)).toBe('A');
  });

  it('without a way to a deployment says which variables are missing', async () => {
    const one = task('text.nowhere', {}, async () => {});
    await expect(one.delay()).rejects.toThrow('SENDOFF_URL and SENDOFF_API_KEY');
  });
});
