import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { RunEffects } from '../../../../functions/core/run/execution/settle.ts';
import { readJson } from '../../../../functions/core/run/store.ts';
import { task, type UserTask } from '../../../../functions/tasks/tasks.ts';
import { type CrashPoint, createCrashingPorts } from './crashing.ts';
import { createRunning } from './running.ts';

interface Counted {
  readonly starts: number[];
  readonly effects: Map<string, number>;
  readonly ends: string[];
}

type Declare = (counted: Counted) => UserTask<string, string>;

const large = 'x'.repeat(5_000);
const effect = ({ effects }: Counted, name: string) => void effects.set(name, (effects.get(name) ?? 0) + 1);

/** Two steps, of which one has a large result, a failure in between, and a large result of the run. */
const withSteps: Declare = (counted) =>
  task('work.steps', { args: z.string(), retry: { attempts: 10, delaySeconds: 1 } }, async (text, run) => {
    counted.starts.push(run.attempt);
    await run.step('first', () => effect(counted, 'first'));
    const made = await run.step('second', () => {
      effect(counted, 'second');
      return large;
    });
    if (!(await run.step('broken', ({ key }) => key)).endsWith(':broken')) throw new Error('a wrong key');
    run.progress(1, 2);
    if (counted.starts.length === 1) throw new Error('fails once');
    return `${made}${text}`;
  });

/** Walks three pages. */
const walking: Declare = (counted) =>
  task('work.walk', { args: z.string(), retry: { attempts: 10, delaySeconds: 1 } }, async (cursor, run) => {
    counted.starts.push(run.attempt);
    await run.step('page', () => effect(counted, `page ${cursor}`));
    if (cursor !== 'ccc') run.continue(`${cursor}c`);
    return `${large}${cursor}`;
  });

const failing: Declare = (counted) =>
  task('work.fail', { args: z.string(), retry: { attempts: 10, delaySeconds: 1 } }, async (_, run) => {
    counted.starts.push(run.attempt);
    await run.step('first', () => effect(counted, 'first'));
    throw Object.assign(new Error('never'), { name: 'DoNotRetry' });
  });

/** Runs it with one crash, then without; answers what was counted. */
async function runWithCrash(declare: Declare, args: string, at: CrashPoint | undefined) {
  const counted: Counted = { starts: [], effects: new Map(), ends: [] };
  const declared = declare(counted);
  let crashing: ReturnType<typeof createCrashingPorts> | undefined;
  let revived = false;
  const isDead = () => !revived && crashing?.hasCrashed();
  const once = new Set<string>();
  const end = (kind: string) => async (run: { readonly id: string; readonly endedAtMs: number }) => {
    // An effect does nothing the second time; a dead worker does nothing.
    if (isDead()) throw new Error('the worker has crashed');
    if (!once.has(`${kind} ${run.endedAtMs}`)) counted.ends.push(kind);
    once.add(`${kind} ${run.endedAtMs}`);
  };
  const effects: RunEffects = {
    wantsEvent: async () => true,
    publishEnd: end('event'),
    memberEnded: end('member'),
    startNext: end('next'),
  };
  const running = createRunning([declared], {
    dependencies: { effects },
    ports: (backend) => {
      if (crashing?.hasCrashed()) {
        revived = true;
        return backend;
      }
      // One worker goes on from batch to batch: its calls are counted through.
      crashing ??= createCrashingPorts(backend, at);
      return crashing.ports;
    },
  });
  const id = await running.accept(declared, args, {
    group: { id: 'g', member: 0 },
    // biome-ignore lint/suspicious/noThenProperty: a field of the record
    then: [{ task: 'work.next', args: '{}', priority: 'transactional', keepDays: 7 }],
  });
  await running.drain();
  const run = await running.read(id);
  const result = await readJson(run.result, running.backend.bodies);
  return { run, result, counted, dead: running.dead, calls: crashing?.calls ?? [], crashed: crashing?.hasCrashed() };
}

/** The crash of a worker at each call of a port, before it and after it. */
async function* crashes(declare: Declare, args: string) {
  for (let call = 0; ; call++)
    for (const moment of ['before', 'after'] as const) {
      const at = { call, moment };
      const ended = await runWithCrash(declare, args, at);
      if (!ended.crashed) return;
      yield { ...ended, at: `${moment} call ${call}, ${ended.calls[call]}` };
    }
}

const end = (status: string) => (status === 'succeeded' ? ['event', 'member', 'next'] : ['event', 'member']);

describe('a worker that dies before or after each call of a port', () => {
  it.each([
    { name: 'steps, a retry, large results', declare: withSteps, args: 'a', status: 'succeeded', result: `${large}a` },
    { name: 'run.continue', declare: walking, args: 'c', status: 'succeeded', result: `${large}ccc` },
    { name: 'a failure', declare: failing, args: 'a', status: 'failed', result: undefined },
  ])('loses nothing: $name', async ({ declare, args, status, result }) => {
    let [points, twice] = [0, 0];
    for await (const { run, result: kept, counted, dead, at } of crashes(declare, args)) {
      points++;
      expect({ at, status: run.status, dead: dead.length }).toEqual({ at, status, dead: 0 });
      expect(kept, at).toEqual(result);
      expect(counted.ends.toSorted(), at).toEqual(end(status));
      const repeated = [...counted.effects].filter(([, times]) => times > 1);
      twice += repeated.length;
      // Only the step whose effect was not recorded yet: at most one, and once more.
      expect(repeated.length, at).toBeLessThanOrEqual(1);
      for (const [, times] of repeated) expect(times, at).toBe(2);
      // It fell between the effect and the record: at the write of the step, or of its body.
      if (repeated.length > 0) expect(at).toMatch(/before call \d+, table.update|bodies.put/);
    }
    console.log(`${status}: ${points} crash points, lost 0, steps executed twice at ${twice}`);
    expect(points).toBeGreaterThan(5);
    expect(twice).toBeGreaterThan(0);
  });

  it('is noticed when its lease has ended, and no sooner; a run that crashes again and again fails', async () => {
    const startedAtMs: number[] = [];
    const deadly = task('work.deadly', { timeoutSeconds: 30 }, async () => {
      startedAtMs.push(running.time.now());
      worker?.crash();
    });
    let worker: ReturnType<typeof createCrashingPorts> | undefined;
    const running = createRunning([deadly], {
      ports: (backend) => {
        worker = createCrashingPorts(backend, undefined);
        return worker.ports;
      },
    });
    const id = await running.accept(deadly);
    const job = running.backend.waiting()[0];
    await running.drain(50_000);
    expect(startedAtMs).toHaveLength(1);
    expect(await running.read(id)).toMatchObject({ status: 'running', attempts: 1 });
    // A duplicate of its job waits until the lease has ended.
    if (job) await running.backend.broker.send([job]);
    await running.drain(5_000);
    expect(startedAtMs).toHaveLength(1);
    await running.drain();
    const run = await running.read(id);
    expect(run).toMatchObject({ status: 'failed', crashes: 4, error: { code: 'crashed' } });
    expect(startedAtMs).toHaveLength(4);
    expect((startedAtMs[1] ?? 0) - (startedAtMs[0] ?? 0)).toBeGreaterThanOrEqual(60_000);
    expect(run.events?.filter(({ type }) => type === 'crashed')).toHaveLength(4);
  });
});
