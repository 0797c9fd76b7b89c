import { describe, expect, it, vi } from 'vitest';
import { EMAIL_PARTITION, recordKey } from '../../../../functions/core/email/record.ts';
import { rescheduleEmail } from '../../../../functions/core/email/reschedule.ts';
import { cancel } from '../../../../functions/core/email/transitions.ts';
import { unavailable } from '../../../../functions/core/errors.ts';
import type { Backend } from '../../../../functions/core/ports/backend.ts';
import { handOverDue } from '../../../../functions/core/schedule/handover.ts';
import { requeueUnclaimed } from '../../../../functions/core/schedule/sweep.ts';
import { createSimulation, type Simulation } from '../../../helpers/sending-simulation.ts';
import { DAY_MS, MINUTE_MS, run, schedule } from './scheduling.ts';

/** Does what a deployment does: the schedule runs once a minute, jobs run when they are due. */
const live = async (simulation: Simulation, forMs: number, work = true) => {
  const endMs = simulation.clock.nowMs + forMs;
  const sentAtMs: number[] = [];
  for (let minuteMs = simulation.clock.nowMs; minuteMs <= endMs; minuteMs += MINUTE_MS) {
    simulation.clock.nowMs = minuteMs;
    await handOverDue(run(simulation));
    await requeueUnclaimed(run(simulation));
    for (;;) {
      const next = Math.min(...simulation.backend.waiting().map(({ job }) => job.dueAtMs ?? 0));
      if (!work || next >= minuteMs + MINUTE_MS || next === Number.POSITIVE_INFINITY) break;
      simulation.clock.nowMs = Math.max(simulation.clock.nowMs, next);
      const before = simulation.sent.length;
      await simulation.work([...(await simulation.backend.receive()), ...(await simulation.backend.receive('bulk'))]);
      if (simulation.sent.length > before) sentAtMs.push(simulation.clock.nowMs);
    }
  }
  return sentAtMs;
};
const dueEntries = ({ backend }: Simulation) =>
  backend.table.query({ index: 'due', partition: EMAIL_PARTITION, limit: 1_000, order: 'ascending' });

describe('handing over', () => {
  it('sends an email once, at its exact second, however far ahead it is', async () => {
    for (const aheadMs of [
      1_000,
      5 * MINUTE_MS,
      14 * MINUTE_MS,
      14 * MINUTE_MS + 1,
      15 * MINUTE_MS,
      61 * MINUTE_MS,
      2 * DAY_MS + 7,
    ]) {
      const simulation = createSimulation();
      const dueAtMs = simulation.clock.nowMs + aheadMs;
      await schedule(simulation, aheadMs);
      const sentAtMs = await live(simulation, aheadMs + 40 * MINUTE_MS);
      expect(sentAtMs).toEqual([dueAtMs]);
      expect(await dueEntries(simulation)).toEqual([]);
    }
  });

  it('queues an email 14 minutes before its time, with the exact time', async () => {
    const simulation = createSimulation();
    const dueAtMs = simulation.clock.nowMs + 60 * MINUTE_MS;
    const id = await schedule(simulation, 60 * MINUTE_MS);
    simulation.clock.nowMs = dueAtMs - 14 * MINUTE_MS - 1;
    expect(await handOverDue(run(simulation))).toBe(0);
    simulation.clock.nowMs += 1;
    expect(await handOverDue(run(simulation))).toBe(1);
    expect(simulation.backend.waiting()).toMatchObject([{ job: { args: { id }, attempt: 1, dueAtMs } }]);
    expect((await dueEntries(simulation)).map(({ sort }) => sort)).toEqual([`${dueAtMs + 15 * MINUTE_MS}#${id}`]);
    expect(await handOverDue(run(simulation))).toBe(0);
  });

  it('sends late rather than never when it did not run for an hour', async () => {
    const simulation = createSimulation();
    await schedule(simulation, 60 * MINUTE_MS);
    simulation.clock.nowMs += 120 * MINUTE_MS;
    const resumedMs = simulation.clock.nowMs;
    expect(await live(simulation, MINUTE_MS)).toEqual([resumedMs]);
  });

  it('gives an email another job a quarter of an hour after its time if the first was lost', async () => {
    const simulation = createSimulation();
    const dueAtMs = simulation.clock.nowMs + 10 * MINUTE_MS;
    await schedule(simulation, 10 * MINUTE_MS);
    simulation.clock.nowMs = dueAtMs;
    expect(await simulation.backend.receive()).toHaveLength(1);
    simulation.clock.nowMs = dueAtMs + 15 * MINUTE_MS - 1;
    expect(await handOverDue(run(simulation))).toBe(0);
    simulation.clock.nowMs += 1;
    expect(await handOverDue(run(simulation))).toBe(1);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toHaveLength(1);
  });

  it('gives emails that wait in a backlog at their time no second job', async () => {
    const simulation = createSimulation();
    for (let count = 0; count < 200; count++) await schedule(simulation, 20 * MINUTE_MS);
    let queued = 0;
    for (let minute = 0; minute < 240; minute++) {
      simulation.clock.nowMs += MINUTE_MS;
      queued += await handOverDue(run(simulation));
      if (minute % 10 === 0) await simulation.work(await simulation.backend.receive());
    }
    expect(queued).toBe(200);
    expect(simulation.sent).toHaveLength(200);
    expect(await dueEntries(simulation)).toEqual([]);
  });

  it('finds a lost job beside jobs that are done in time, a quarter of an hour after its time', async () => {
    const simulation = createSimulation();
    const dueAtMs = simulation.clock.nowMs + 10 * MINUTE_MS;
    const id = await schedule(simulation, 10 * MINUTE_MS);
    simulation.clock.nowMs = dueAtMs;
    expect(await simulation.backend.receive()).toHaveLength(1);
    for (let minute = 0; minute < 15; minute++) {
      simulation.clock.nowMs += MINUTE_MS;
      await simulation.accept();
      await simulation.work(await simulation.backend.receive());
    }
    await simulation.accept();
    expect(await handOverDue(run(simulation))).toBe(1);
    await simulation.runUntilQuiet();
    expect((await simulation.record(id)).status).toBe('sent');
  });

  it('hands over more than a page', async () => {
    const simulation = createSimulation();
    const ids = await Promise.all(Array.from({ length: 250 }, () => schedule(simulation, 20 * MINUTE_MS)));
    simulation.clock.nowMs += 16 * MINUTE_MS;
    expect(await handOverDue(run(simulation))).toBe(250);
    const queued = simulation.backend.waiting().map(({ job }) => (job.args as { id: string }).id);
    expect(queued.toSorted()).toEqual(ids.toSorted());
    expect(await handOverDue(run(simulation))).toBe(0);
  });

  it('stops at its deadline, and continues in the next run', async () => {
    const simulation = createSimulation();
    await Promise.all(Array.from({ length: 250 }, () => schedule(simulation, 20 * MINUTE_MS)));
    simulation.clock.nowMs += 16 * MINUTE_MS;
    const ticking: Backend = {
      ...simulation.backend,
      broker: {
        send: async (jobs) => {
          await simulation.backend.broker.send(jobs);
          simulation.clock.nowMs += 30_000;
        },
      },
    };
    expect(await handOverDue(run(simulation, ticking, MINUTE_MS))).toBe(200);
    expect(await handOverDue(run(simulation))).toBe(50);
  });

  it('does not record a handover that could not be queued', async () => {
    const simulation = createSimulation();
    await schedule(simulation, 20 * MINUTE_MS);
    simulation.clock.nowMs += 16 * MINUTE_MS;
    const down: Backend = { ...simulation.backend, broker: { send: () => Promise.reject(unavailable('SQS is down')) } };
    await expect(handOverDue(run(simulation, down))).rejects.toThrow('SQS is down');
    expect(await handOverDue(run(simulation))).toBe(1);
  });

  it('sends once when the handover could not be recorded', async () => {
    const simulation = createSimulation();
    await schedule(simulation, 20 * MINUTE_MS);
    simulation.clock.nowMs += 16 * MINUTE_MS;
    const { backend } = simulation;
    const forgetful: Backend = {
      ...backend,
      table: { ...backend.table, update: () => Promise.reject(unavailable('DynamoDB is down')) },
    };
    await expect(handOverDue(run(simulation, forgetful))).rejects.toThrow('DynamoDB is down');
    await handOverDue(run(simulation));
    expect(backend.waiting()).toHaveLength(2);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toHaveLength(1);
  });

  it('uses the last of several times, whenever they were set', async () => {
    const simulation = createSimulation();
    const startMs = simulation.clock.nowMs;
    const id = await schedule(simulation, 10 * MINUTE_MS);
    for (const [atMinute, toMinute] of [
      [1, 60],
      [2, 30],
      [26, 90],
      [86, 100],
    ] as const) {
      await live(simulation, startMs + atMinute * MINUTE_MS - simulation.clock.nowMs);
      simulation.clock.nowMs = startMs + atMinute * MINUTE_MS;
      const dueAtMs = startMs + toMinute * MINUTE_MS;
      const options = { backend: simulation.backend, nowMs: simulation.clock.nowMs, retentionMs: 1 };
      expect((await rescheduleEmail(await simulation.record(id), dueAtMs, options)).applied).toBe(true);
    }
    expect(await live(simulation, 60 * MINUTE_MS)).toEqual([startMs + 100 * MINUTE_MS]);
    expect(simulation.sent).toHaveLength(1);
  });

  it('keeps record and body for the retention after the last time, not after the first', async () => {
    const simulation = createSimulation();
    const { backend, clock } = simulation;
    const startMs = clock.nowMs;
    const id = await schedule(simulation, 10 * MINUTE_MS);
    const record = await simulation.record(id);
    const put = vi.spyOn(backend.bodies, 'put');
    const options = { backend, nowMs: clock.nowMs, retentionMs: DAY_MS };
    expect((await rescheduleEmail(record, startMs + 30 * DAY_MS, options)).applied).toBe(true);
    expect(put.mock.lastCall?.[2]).toBe(startMs + 31 * DAY_MS);
    clock.nowMs = startMs + 30 * DAY_MS;
    expect(await simulation.record(id)).toMatchObject({ status: 'scheduled' });
    clock.nowMs = startMs + 31 * DAY_MS;
    expect(await backend.table.get(recordKey(id))).toBeUndefined();
  });

  it('leaves a canceled email alone', async () => {
    const simulation = createSimulation();
    const id = await schedule(simulation, 60 * MINUTE_MS);
    await cancel(simulation.backend.table, id, simulation.clock.nowMs);
    expect(await dueEntries(simulation)).toEqual([]);
    expect(await live(simulation, 120 * MINUTE_MS)).toEqual([]);
  });
});
