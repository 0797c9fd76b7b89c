import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { cancelRun } from '../../../../functions/core/run/cancel.ts';
import { createAcceptTransport } from '../../../../functions/core/run/group/transport.ts';
import { retryFailed, retryRun } from '../../../../functions/core/run/retry.ts';
import { listRuns, readJson, readRun } from '../../../../functions/core/run/store.ts';
import { setTransport, task } from '../../../../functions/tasks/tasks.ts';
import { createRunning } from './running.ts';

const text = z.object({ text: z.string() });
const minute = 60_000;

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
    const { acceptRun } = await import('../../../../functions/core/run/accept.ts');
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

describe('a canceled run', () => {
  it('never begins when it was queued', async () => {
    let starts = 0;
    const never = task('work.never', {}, async () => void starts++);
    const running = createRunning([never]);
    const id = await running.accept(never, undefined, { dueAtMs: running.time.now() + minute });
    const dependencies = { backend: running.backend, now: running.time.now };
    expect(await cancelRun(id, dependencies)).toMatchObject({ status: 'canceled', settled: true });
    await running.drain();
    expect(starts).toBe(0);
    await expect(cancelRun(id, dependencies)).rejects.toMatchObject({ status: 409 });
    await expect(cancelRun('00000000-0000-4000-8000-000000000000', dependencies)).rejects.toMatchObject({
      status: 404,
    });
  });

  it('has its signal aborted when it runs, and its result is not kept', async () => {
    const aborted: number[] = [];
    const long = task('work.long', { timeoutSeconds: 600 }, async (_: undefined, run) => {
      const startMs = running.time.now();
      run.signal.addEventListener('abort', () => aborted.push(running.time.now() - startMs));
      while (!run.signal.aborted) await running.time.wait(1_000);
      return 'too late';
    });
    const running = createRunning([long]);
    const id = await running.accept(long);
    void running.time.wait(30_000).then(() => cancelRun(id, { backend: running.backend, now: running.time.now }));
    await running.drain();
    expect(aborted).toEqual([40_000]);
    const run = await running.read(id);
    expect(run).toMatchObject({ status: 'canceled' });
    expect(run.result).toBeUndefined();
  });

  it('of a group has its end marked, though its job is far off', async () => {
    const marked: string[] = [];
    const member = task('work.member', {}, async () => {});
    const effects = { memberEnded: async ({ status }: { status: string }) => void marked.push(status) };
    const running = createRunning([member], { dependencies: { effects } });
    const group = { id: 'g', member: 1 };
    const id = await running.accept(member, undefined, { group, dueAtMs: running.time.now() + 20 * 86_400_000 });
    await cancelRun(id, { backend: running.backend, now: running.time.now });
    await running.drain(minute);
    expect(marked).toEqual(['canceled']);
  });
});

describe('a failed run', () => {
  it('is retried with the results of its steps', async () => {
    let [broken, effects] = [true, 0];
    const work = task('work.retry', { retry: { attempts: 1 } }, async (_: undefined, run) => {
      const made = await run.step('make', () => ++effects);
      if (broken) throw new Error('broken');
      return made;
    });
    const running = createRunning([work]);
    const dependencies = { backend: running.backend, now: running.time.now };
    const id = await running.accept(work);
    await running.drain();
    broken = false;
    expect(await retryRun(id, dependencies)).toMatchObject({ status: 'queued', attempts: 0 });
    await running.drain();
    const run = await running.read(id);
    expect(run).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect([effects, run.error]).toEqual([1, undefined]);
    await expect(retryRun(id, dependencies)).rejects.toMatchObject({ status: 409 });
  });

  it('is found by its status without reading the others; all of a task are retried', async () => {
    let broken = true;
    const work = task('work.all', { args: z.number(), retry: { attempts: 1 } }, async (n) => {
      if (broken && n % 2 === 0) throw new Error('even');
    });
    const running = createRunning([work]);
    const { table } = running.backend;
    for (let n = 0; n < 250; n++) {
      await running.accept(work, n);
      running.time.skip(1);
    }
    await running.drain();
    const tasks = [work.name];
    const page = await listRuns(table, { tasks, status: 'failed', limit: '100' });
    expect([page.items.length, page.hasMore]).toEqual([100, true]);
    const rest = await listRuns(table, { tasks, status: 'failed', limit: '100', after: page.items.at(-1)?.id });
    expect([rest.items.length, rest.hasMore]).toEqual([25, false]);
    const back = await listRuns(table, { tasks, status: 'failed', limit: '100', before: rest.items[0]?.id });
    expect(back.items.map(({ id }) => id)).toEqual(page.items.map(({ id }) => id));
    broken = false;
    expect(await retryFailed({ task: work.name }, { backend: running.backend, now: running.time.now })).toEqual({
      retried: 125,
      stopped: false,
    });
    await running.drain();
    expect((await listRuns(table, { tasks, status: 'failed' })).items).toEqual([]);
  });
});

describe('the list of runs', () => {
  it('has the runs of several tasks, newest first, in pages, also of one status', async () => {
    const one = task('list.one', {}, async () => {});
    const other = task('list.other', {}, async () => {});
    const running = createRunning([one, other]);
    const { table } = running.backend;
    const ids: string[] = [];
    for (let n = 0; n < 10; n++) {
      ids.unshift(await running.accept(n % 2 ? one : other));
      running.time.skip(1);
      if (n === 4) await running.drain();
    }
    const tasks = ['list.one', 'list.other'];
    const idsOf = async (filter: object) => {
      const { items, hasMore } = await listRuns(table, { tasks, ...filter });
      return [items.map(({ id }) => id), hasMore];
    };
    expect(await idsOf({})).toEqual([ids, false]);
    expect(await idsOf({ limit: '4' })).toEqual([ids.slice(0, 4), true]);
    expect(await idsOf({ limit: '4', after: ids[3] })).toEqual([ids.slice(4, 8), true]);
    expect(await idsOf({ status: 'queued' })).toEqual([ids.slice(0, 5), false]);
    expect(await idsOf({ status: 'succeeded', limit: '3' })).toEqual([ids.slice(5, 8), true]);
    expect(await idsOf({ status: 'succeeded', limit: '3', before: ids[9] })).toEqual([ids.slice(6, 9), true]);
    expect(await idsOf({ status: 'succeeded', limit: '3', after: ids[7] })).toEqual([ids.slice(8), false]);
    expect(await readRun(table, 'no id')).toBeUndefined();
  });
});

describe('run.continue', () => {
  it('walks a table of many rows, each once, though its worker fails again and again', async () => {
    const rows = Array.from({ length: 10_000 }, (_, row) => row);
    const seen = new Map<number, number>();
    let calls = 0;
    const walk = task(
      'table.walk',
      { args: z.object({ from: z.number(), sum: z.number() }) },
      async ({ from, sum }, run) => {
        const page = rows.slice(from, from + 500);
        const added = await run.step('page', () => {
          for (const row of page) seen.set(row, (seen.get(row) ?? 0) + 1);
          return page.reduce((total, row) => total + row, 0);
        });
        run.progress(from + page.length, rows.length);
        if (++calls % 3 === 0) throw new Error('every third call fails');
        if (from + 500 < rows.length) run.continue({ from: from + 500, sum: sum + added });
        return sum + added;
      },
    );
    const running = createRunning([walk]);
    const id = await running.accept(walk, { from: 0, sum: 0 });
    await running.drain();
    const run = await running.read(id);
    expect(run).toMatchObject({ status: 'succeeded', continued: 19, progress: { done: 10_000, total: 10_000 } });
    expect(await readJson(run.result, running.backend.bodies)).toBe((10_000 * 9_999) / 2);
    expect([seen.size, Math.max(...seen.values())]).toEqual([10_000, 1]);
    // Steps of earlier pages are gone.
    expect(Object.keys(run).filter((name) => name.startsWith('step:'))).toHaveLength(1);
  });
});

describe('steps', () => {
  it('have keys that are the same in every attempt, and differ by name, call and continuation', async () => {
    const keys: string[][] = [];
    const work = task('step.keys', { args: z.number(), retry: { delaySeconds: 1 } }, async (round, run) => {
      const own: string[] = [run.stepKey('pay')];
      await run.step('pay', ({ key }) => void own.push(key));
      own.push(run.stepKey('pay'));
      keys.push(own);
      if (keys.length === 1) throw new Error('again');
      if (round === 0) run.continue(1);
    });
    const running = createRunning([work]);
    const id = await running.accept(work, 0);
    await running.drain();
    expect(keys[0]).toEqual([`${id}:pay`, `${id}:pay`, `${id}:pay#2`]);
    expect(keys[1]).toEqual([`${id}:pay`, `${id}:pay#2`]);
    expect(keys[2]).toEqual([`${id}~1:pay`, `${id}~1:pay`, `${id}~1:pay#2`]);
  });

  it('beyond the most end the run', async () => {
    const many = task('step.many', { timeoutSeconds: 840 }, async (_: undefined, run) => {
      for (let n = 0; n < 501; n++) await run.step(`s${n}`, () => 'x'.repeat(900));
    });
    const running = createRunning([many]);
    const id = await running.accept(many);
    await running.drain();
    const run = await running.read(id);
    expect(run).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'too_many_steps' } });
    expect(JSON.stringify(run).length).toBeLessThan(200_000);
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
