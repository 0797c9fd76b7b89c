// biome-ignore-all lint/suspicious/noThenProperty: the name of a field; nothing awaits these objects
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, clockKey } from '../../functions/core/clock/clock.ts';
import { handOverClocks, tickRunId } from '../../functions/core/clock/handover.ts';
import { pauseClock, resumeClock } from '../../functions/core/clock/store.ts';
import { syncClocks } from '../../functions/core/clock/sync.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import type { TaskDescription } from '../../functions/core/run/definition/manifest.ts';
import { acceptGroup, memberRunId } from '../../functions/core/run/group/accept.ts';
import { createMemberEnded, thenRunId } from '../../functions/core/run/group/finish.ts';
import { readGroup } from '../../functions/core/run/group/store.ts';
import { createPermits } from '../../functions/core/run/limit/permits.ts';
import { createTaskLimits } from '../../functions/core/run/limit/task-limits.ts';
import { type EndedRun, type RunRecord, runKey } from '../../functions/core/run/run.ts';
import { createMemoryBackend } from '../helpers/memory-backend.ts';
import type { TableUnderTest } from './table.ts';

const NOTHING = { info: () => {}, warn: () => {}, error: () => {} };

/** The contract of groups, limits and clocks of tasks, on every table: they rest on conditional writes alone. */
export function taskFlowContract(name: string, create: () => Promise<TableUnderTest>): void {
  describe(`groups, limits and clocks of tasks on ${name}`, () => {
    let underTest: TableUnderTest;
    let table: Table;
    let tests = 0;
    let task: string;
    afterAll(() => underTest?.close());
    beforeEach(async () => {
      underTest ??= await create();
      table = underTest.table;
      task = `flow.task${++tests}`;
    });

    let ids = 0;
    const dependencies = (now: () => number = Date.now) => {
      const memory = createMemoryBackend({ now });
      const submit: typeof memory.submit = (submissions) =>
        Promise.all(submissions.map(({ record }) => table.insert(record)));
      const newId = () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`;
      return { backend: { ...memory, table, submit }, now, newId, log: NOTHING };
    };
    const describedAs = (everySeconds: number) =>
      ({ name: task, priority: 'bulk', keep: true, keepDays: 1, cron: { everySeconds } }) as TaskDescription;

    it('begin the run that follows a group once, whoever ends its members at the same moment', async () => {
      const wiring = dependencies();
      const calls = Array.from({ length: 12 }, () => ({ task: describedAs(60) }));
      const then = { task, priority: 'bulk', keepDays: 1 } as const;
      const id = await acceptGroup(calls, { then }, wiring);
      const memberEnded = createMemberEnded(wiring);
      const end = (member: number) =>
        memberEnded({
          id: memberRunId(id, member),
          group: { id, member },
          status: member === 3 ? 'failed' : 'succeeded',
        } as EndedRun);
      await Promise.all(calls.flatMap((_, member) => (member % 5 === 0 ? [end(member), end(member)] : [end(member)])));
      const run = await table.get<RunRecord>(runKey(thenRunId(id)));
      expect(run?.args).toEqual({ json: JSON.stringify({ group: id, total: 12, succeeded: 11, failed: 1 }) });
      expect(await readGroup(table, id)).toMatchObject({ closed: true, total: 12, succeeded: 11, failed: 1 });
    });

    it('give no more permits than there are, and a freed one again', async () => {
      let waited = 0;
      const wait = async (ms: number) => {
        waited += ms;
      };
      const now = () => Date.now() + waited;
      const functions = Array.from({ length: 6 }, () =>
        createPermits(task, { table, now, random: Math.random, wait, log: NOTHING }),
      );
      const taken = await Promise.all(functions.map((permits) => permits.take(4, Date.now() + 600_000)));
      const held = taken.filter((permit) => permit !== undefined);
      expect(held).toHaveLength(4);
      await held[0]?.renew?.(Date.now() + 700_000);
      await held[0]?.release();
      expect(await functions[5]?.take(4, Date.now() + 600_000)).toBeDefined();
    });

    it('let one run of a rate begin, and tell the others when to come back, one after the other', async () => {
      const limits = createTaskLimits({
        table,
        now: Date.now,
        random: Math.random,
        wait: async () => {},
        log: NOTHING,
      });
      const limited = { name: task, rateLimit: { perMinute: 1 } };
      const attempt = { attemptId: 'x', leaseUntilMs: Date.now() + 60_000 };
      expect(await limits.take(limited, attempt)).toHaveProperty('release');
      const waits: number[] = [];
      for (let run = 0; run < 3; run++) {
        const taken = await limits.take(limited, attempt);
        if ('waitMs' in taken) waits.push(taken.waitMs / 60_000);
      }
      expect(waits.map(Math.round)).toEqual([1, 1, 2]);
    });

    it('make one run of a tick, whoever hands it over, and none of a paused clock', async () => {
      const nowMs = Math.floor(Date.now() / 600_000) * 600_000 + 570_000;
      const wiring = { ...dependencies(() => nowMs), tasks: [describedAs(600)], deadlineMs: Number.POSITIVE_INFINITY };
      await Promise.all([syncClocks(wiring), syncClocks(wiring)]);
      const counts = await Promise.all([handOverClocks(wiring), handOverClocks(wiring)]);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
      expect(await table.get(runKey(tickRunId(task, nowMs + 30_000)))).toMatchObject({ tickMs: nowMs + 30_000 });
      await pauseClock(task, wiring);
      expect(await handOverClocks(wiring)).toBe(0);
      await resumeClock(task, wiring);
      expect(await table.get<Clock>(clockKey(task))).toMatchObject({ nextAtMs: nowMs + 630_000 });
      await syncClocks({ ...wiring, tasks: [] });
      expect(await table.get(clockKey(task))).toBeUndefined();
    });
  });
}
