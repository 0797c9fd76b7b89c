import { describe, expect, it } from 'vitest';
import { type Clock, clockKey } from '../../../../functions/core/clock/clock.ts';
import { handOverClocks, handOverTick, tickRunId } from '../../../../functions/core/clock/handover.ts';
import { createClockKeeper } from '../../../../functions/core/clock/keeper.ts';
import { listClocks, pauseClock, resumeClock, runClock } from '../../../../functions/core/clock/store.ts';
import { syncClocks } from '../../../../functions/core/clock/sync.ts';
import type { ClockDescription, TaskDescription } from '../../../../functions/core/run/definition/manifest.ts';
import { type RunRecord, runKey } from '../../../../functions/core/run/run.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START_MS = Date.parse('2026-11-22T10:00:30Z');

const clockTask = (name: string, cron?: ClockDescription): TaskDescription => ({
  name,
  priority: 'transactional',
  // The record of a clock's run is kept all the same.
  keep: false,
  keepDays: 7,
  timeoutSeconds: 30,
  retry: { attempts: 5, backoff: 'exponential', delaySeconds: 2, maxDelaySeconds: 900 },
  ...(cron ? { cron } : {}),
});

/** A deployment with one clock, on SQS (the schedule looks once a minute) or on Redis (a job for each tick). */
const create = (backendName: 'aws' | 'redis' = 'aws', cron: ClockDescription = { everySeconds: 600 }) => {
  let nowMs = START_MS;
  const now = () => nowMs;
  const backend = createMemoryBackend({
    now,
    ...(backendName === 'redis' ? { delayHorizonMs: Number.POSITIVE_INFINITY } : {}),
  });
  const warnings: string[] = [];
  const log = {
    info: () => {},
    warn: (message: string) => void warnings.push(message),
    error: (message: string) => void warnings.push(message),
  };
  let ids = 0;
  const newId = () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`;
  const dependencies = { backend, tasks: [clockTask('a.clock', cron), clockTask('b.task')], now, newId, log };
  const handOver = (others = {}) =>
    handOverClocks({ ...dependencies, ...others, deadlineMs: Number.POSITIVE_INFINITY });
  const clock = () => backend.table.get<Clock>(clockKey('a.clock'));
  const run = (tick: string) => backend.table.get<RunRecord>(runKey(tickRunId('a.clock', Date.parse(tick))));
  /** The ticks that have a run, by the jobs that were queued. */
  const ticks = async () => {
    const executes = backend.waiting().filter(({ job }) => job.task === 'run.execute');
    const runs = await Promise.all(
      executes.map(({ job }) => backend.table.get<RunRecord>(runKey((job.args as { id: string }).id))),
    );
    return runs.map((found) => new Date(found?.tickMs ?? 0).toISOString().slice(11, 16));
  };
  return {
    dependencies,
    backend,
    warnings,
    handOver,
    clock,
    run,
    ticks,
    pass: (ms: number) => {
      nowMs += ms;
    },
    to: (time: string) => {
      nowMs = Date.parse(time);
    },
  };
};

describe.each(['aws', 'redis'] as const)('the clocks with backend=%s', (name) => {
  it('are those of the code after a deployment: new, changed, removed, and unchanged ones left alone', async () => {
    const { dependencies, backend, clock, pass } = create(name);
    expect(await syncClocks(dependencies)).toEqual({ inserted: 1, changed: 0, deleted: 0 });
    expect(await clock()).toMatchObject({
      task: 'a.clock',
      everySeconds: 600,
      nextAtMs: Date.parse('2026-11-22T10:10:00Z'),
    });
    pass(HOUR_MS);
    expect(await syncClocks(dependencies)).toEqual({ inserted: 0, changed: 0, deleted: 0 });
    expect((await clock())?.nextAtMs).toBe(Date.parse('2026-11-22T10:10:00Z'));
    const daily = { expression: '0 6 * * *', timeZone: 'Europe/Berlin' };
    const tasks = [clockTask('a.clock', daily), clockTask('c.clock', { everySeconds: 60 })];
    expect(await syncClocks({ ...dependencies, tasks })).toEqual({ inserted: 1, changed: 1, deleted: 0 });
    const changed = await clock();
    expect(changed).toMatchObject({ ...daily, nextAtMs: Date.parse('2026-11-23T05:00:00Z') });
    expect(changed?.everySeconds).toBeUndefined();
    expect((await listClocks(backend.table)).map(({ task }) => task)).toEqual(['a.clock', 'c.clock']);
    expect(await syncClocks({ ...dependencies, tasks: [] })).toEqual({ inserted: 0, changed: 0, deleted: 2 });
    expect(await clock()).toBeUndefined();
  });

  it('that are paused stay paused when their times change', async () => {
    const { dependencies, clock } = create(name);
    await syncClocks(dependencies);
    await pauseClock('a.clock', dependencies);
    await syncClocks({ ...dependencies, tasks: [clockTask('a.clock', { everySeconds: 60 })] });
    expect(await clock()).toMatchObject({ paused: true, everySeconds: 60 });
    expect((await clock())?.nextAtMs).toBeUndefined();
  });

  it('that were down run the last missed tick if it is at most an hour late, and count the others', async () => {
    const { dependencies, handOver, clock, ticks, to } = create(name);
    await syncClocks(dependencies);
    to('2026-11-22T11:05:00Z');
    expect(await handOver()).toBe(1);
    expect(await ticks()).toEqual(['11:00']);
    expect(await clock()).toMatchObject({ skipped: 5, nextAtMs: Date.parse('2026-11-22T11:10:00Z') });
  });

  it('that tick once a day do not catch up a day that is over', async () => {
    const { dependencies, handOver, clock, ticks, to, warnings } = create(name, {
      expression: '0 6 * * *',
      timeZone: 'UTC',
    });
    await syncClocks(dependencies);
    to('2026-11-25T07:00:01Z');
    expect(await handOver()).toBe(0);
    expect([await ticks(), (await clock())?.skipped]).toEqual([[], 3]);
    expect(warnings).toEqual(['missed ticks of a clock were skipped']);
  });

  it('that were down for a year count a thousand missed ticks, and go on', async () => {
    const { dependencies, handOver, clock, ticks, to } = create(name, { everySeconds: 60 });
    await syncClocks(dependencies);
    to('2027-11-22T10:00:10Z');
    await handOver();
    // On SQS the tick of the next minute is handed over, too.
    expect(await ticks()).toEqual(name === 'aws' ? ['10:00', '10:01'] : ['10:00']);
    expect(await clock()).toMatchObject({ skipped: 1_059 });
  });

  it('make a run now on request, beside their ticks, paused or not; unknown ones are not found', async () => {
    const { dependencies, backend } = create(name);
    await syncClocks(dependencies);
    await pauseClock('a.clock', dependencies);
    const id = await runClock('a.clock', dependencies, 'key');
    expect(await backend.table.get(runKey(id))).toMatchObject({ task: 'a.clock', tickMs: START_MS, keyId: 'key' });
    for (const change of [pauseClock, resumeClock, runClock])
      await expect(change('b.task', dependencies)).rejects.toMatchObject({ status: 404 });
  });

  it('are paused and resumed before the schedule has stored them', async () => {
    const { dependencies, handOver, clock, to } = create(name);
    expect(await resumeClock('a.clock', dependencies)).toMatchObject({ nextAtMs: expect.any(Number) });
    await dependencies.backend.table.delete(clockKey('a.clock'));
    expect(await pauseClock('a.clock', dependencies)).toMatchObject({ paused: true });
    expect(await syncClocks(dependencies)).toMatchObject({ inserted: 0 });
    to('2026-11-22T10:20:00Z');
    expect([await handOver(), (await clock())?.paused]).toEqual([0, true]);
  });

  it('have none that another version of the code declares', async () => {
    const { dependencies, handOver, to } = create(name);
    await syncClocks(dependencies);
    to('2026-11-22T10:20:00Z');
    expect(await handOver({ tasks: [] })).toBe(0);
  });
});

describe('a tick with backend=aws', () => {
  it('is handed over in the minute before, with its exact delay', async () => {
    const { dependencies, backend, handOver, run, to, clock } = create();
    await syncClocks(dependencies);
    to('2026-11-22T10:08:20Z');
    expect(await handOver()).toBe(0);
    to('2026-11-22T10:08:40Z');
    expect(await handOver()).toBe(1);
    const tickMs = Date.parse('2026-11-22T10:10:00Z');
    expect(await run('2026-11-22T10:10:00Z')).toMatchObject({ tickMs, dueAtMs: tickMs, keepMs: 7 * 24 * HOUR_MS });
    expect(backend.waiting()).toMatchObject([{ queue: 'tasks', job: { task: 'run.execute', dueAtMs: tickMs } }]);
    expect(await clock()).toMatchObject({
      lastTickAtMs: tickMs,
      lastRunId: tickRunId('a.clock', tickMs),
      nextAtMs: tickMs + 600_000,
    });
  });

  it('has one run though the schedule fires twice, at once or again', async () => {
    const { dependencies, backend, handOver, to } = create();
    await syncClocks(dependencies);
    to('2026-11-22T10:09:00Z');
    const counts = await Promise.all([handOver(), handOver(), handOver()]);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(await handOver()).toBe(0);
    const ids = new Set(backend.waiting().map(({ job }) => (job.args as { id: string }).id));
    expect(ids.size).toBe(1);
  });

  it('has one run though the function is killed between making it and moving the clock', async () => {
    const { dependencies, backend, handOver, run, ticks, to } = create();
    await syncClocks(dependencies);
    to('2026-11-22T10:09:00Z');
    const dead = { ...backend, table: { ...backend.table, update: async () => Promise.reject(new Error('killed')) } };
    expect(await handOver({ backend: dead })).toBe(0);
    expect(await run('2026-11-22T10:10:00Z')).toBeDefined();
    expect(await handOver()).toBe(1);
    expect(new Set(await ticks())).toEqual(new Set(['10:10']));
  });

  it('of each minute comes once in an hour of looks that are early, late and doubled', async () => {
    const { dependencies, handOver, pass, ticks } = create('aws', { everySeconds: 60 });
    await syncClocks(dependencies);
    for (let look = 0; look < 60; look++) {
      pass(MINUTE_MS + ((look * 7) % 5) * 4_000 - 8_000);
      await handOver();
      if (look % 3 === 0) await handOver();
    }
    const found = await ticks();
    expect(new Set(found).size).toBe(found.length);
    expect(found.length).toBeGreaterThanOrEqual(60);
    expect(found.slice(0, 3)).toEqual(['10:01', '10:02', '10:03']);
  });

  it('does not run after a pause, though its run was made; the clock goes on with the next one when resumed', async () => {
    const { dependencies, handOver, run, to, clock } = create();
    await syncClocks(dependencies);
    to('2026-11-22T10:09:00Z');
    await handOver();
    expect(await pauseClock('a.clock', dependencies)).toMatchObject({ paused: true });
    expect(await run('2026-11-22T10:10:00Z')).toMatchObject({ status: 'canceled' });
    to('2026-11-22T10:09:30Z');
    expect(await handOver()).toBe(0);
    expect(await resumeClock('a.clock', dependencies)).toMatchObject({ nextAtMs: Date.parse('2026-11-22T10:20:00Z') });
    expect((await clock())?.paused).toBeUndefined();
    to('2026-11-22T10:19:00Z');
    expect(await handOver()).toBe(1);
  });

  it('of one clock that fails does not stop the others', async () => {
    const { dependencies, backend, handOver, to, warnings } = create();
    const tasks = [clockTask('a.clock', { everySeconds: 600 }), clockTask('z.clock', { everySeconds: 600 })];
    await syncClocks({ ...dependencies, tasks });
    to('2026-11-22T10:09:00Z');
    const update: typeof backend.table.update = (key, ...rest) =>
      key === 'clock#a.clock' ? Promise.reject(new Error('no answer')) : backend.table.update(key, ...rest);
    expect(await handOver({ tasks, backend: { ...backend, table: { ...backend.table, update } } })).toBe(1);
    expect(warnings).toEqual(['a clock was not handed over']);
  });
});

describe('a tick with backend=redis', () => {
  it('has a job at its moment, which makes the run and the job of the next tick', async () => {
    const { dependencies, backend, ticks, to } = create('redis');
    await syncClocks(dependencies);
    expect(backend.waiting()).toMatchObject([
      {
        queue: 'tasks',
        job: { task: 'clock.tick', args: { task: 'a.clock' }, dueAtMs: Date.parse('2026-11-22T10:10:00Z') },
      },
    ]);
    to('2026-11-22T10:10:00Z');
    await backend.receive('tasks');
    expect(await handOverTick('a.clock', dependencies)).toBe(1);
    expect(await ticks()).toEqual(['10:10']);
    const jobs = backend.waiting().filter(({ job }) => job.task === 'clock.tick');
    expect(jobs).toMatchObject([{ job: { dueAtMs: Date.parse('2026-11-22T10:20:00Z') } }]);
    // The same job again, and one of a clock that is gone.
    expect(await handOverTick('a.clock', dependencies)).toBe(0);
    expect(await handOverTick('gone.clock', dependencies)).toBe(0);
  });

  it('has a new job when the clock is resumed', async () => {
    const { dependencies, backend, to } = create('redis');
    await syncClocks(dependencies);
    await pauseClock('a.clock', dependencies);
    to('2026-11-22T10:10:00Z');
    expect(await handOverTick('a.clock', dependencies)).toBe(0);
    await resumeClock('a.clock', dependencies);
    expect(backend.waiting().at(-1)).toMatchObject({ job: { dueAtMs: Date.parse('2026-11-22T10:20:00Z') } });
  });
});

describe('the keeper of a process', () => {
  it('takes over the clocks of the code at its first look, and hands over at each with backend=aws', async () => {
    const { dependencies, clock, to } = create();
    const keeper = createClockKeeper(dependencies);
    await keeper.look(Number.POSITIVE_INFINITY);
    expect(await clock()).toBeDefined();
    to('2026-11-22T10:09:00Z');
    expect(await keeper.look(Number.POSITIVE_INFINITY)).toBe(1);
  });

  it('looks once in 50 minutes for lost jobs with backend=redis', async () => {
    const { dependencies, backend, pass, ticks } = create('redis');
    let queries = 0;
    const query: typeof backend.table.query = (...args) => {
      queries++;
      return backend.table.query(...args);
    };
    const keeper = createClockKeeper({ ...dependencies, backend: { ...backend, table: { ...backend.table, query } } });
    for (let minute = 0; minute < 51; minute++, pass(MINUTE_MS)) await keeper.look(Number.POSITIVE_INFINITY);
    expect(queries).toBe(4);
    // Nobody has run the job of the tick.
    expect(await ticks()).toEqual(['10:50']);
  });
});
