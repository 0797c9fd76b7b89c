import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { cancelRun } from '../../../../functions/core/run/cancel.ts';
import { retryFailed, retryRun } from '../../../../functions/core/run/retry.ts';
import { listRuns, readJson, readRun } from '../../../../functions/core/run/store.ts';
import { task } from '../../../../functions/tasks/tasks.ts';
import { createRunning } from './running.ts';

const minute = 60_000;

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
    const page = await listRuns(table, { tasks, statuses: ['failed'], limit: '100' });
    expect([page.items.length, page.hasMore]).toEqual([100, true]);
    const rest = await listRuns(table, { tasks, statuses: ['failed'], limit: '100', after: page.items.at(-1)?.id });
    expect([rest.items.length, rest.hasMore]).toEqual([25, false]);
    const back = await listRuns(table, { tasks, statuses: ['failed'], limit: '100', before: rest.items[0]?.id });
    expect(back.items.map(({ id }) => id)).toEqual(page.items.map(({ id }) => id));
    broken = false;
    const dependencies = { backend: running.backend, now: running.time.now };
    const first = await retryFailed({ task: work.name, limit: 110 }, dependencies);
    expect(first).toEqual({ retried: 110, next: expect.any(String) });
    // A run that fails again keeps its place, which the next step has passed.
    broken = true;
    await running.drain();
    const second = await retryFailed({ task: work.name, after: first.next }, dependencies);
    expect(second).toEqual({ retried: 15 });
    broken = false;
    expect(await retryFailed({ task: work.name }, dependencies)).toEqual({ retried: 110 });
    await running.drain();
    expect((await listRuns(table, { tasks, statuses: ['failed'] })).items).toEqual([]);
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
    expect(await idsOf({ statuses: ['queued'] })).toEqual([ids.slice(0, 5), false]);
    expect(await idsOf({ statuses: ['succeeded'], limit: '3' })).toEqual([ids.slice(5, 8), true]);
    expect(await idsOf({ statuses: ['succeeded'], limit: '3', before: ids[9] })).toEqual([ids.slice(6, 9), true]);
    expect(await idsOf({ statuses: ['succeeded'], limit: '3', after: ids[7] })).toEqual([ids.slice(8), false]);
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
