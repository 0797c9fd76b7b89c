import { describe, expect, it } from 'vitest';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { unavailable } from '../../../../functions/core/errors.ts';
import type { SendingState } from '../../../../functions/core/pacing/sending-state.ts';
import type { Backend } from '../../../../functions/core/ports/backend.ts';
import type { QueueName } from '../../../../functions/core/queues.ts';
import { requeueUnclaimed } from '../../../../functions/core/schedule/sweep.ts';
import { createSimulation, type Simulation } from '../../../helpers/sending-simulation.ts';
import { DAY_MS, MINUTE_MS, run, schedule } from './scheduling.ts';

describe('queueing unclaimed emails again', () => {
  const lose = async ({ backend }: Simulation) => void (await backend.receive());

  it('gives a job to an email whose job was never queued, a quarter of an hour later', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    await lose(simulation);
    simulation.clock.nowMs += 15 * MINUTE_MS - 1;
    expect(await requeueUnclaimed(run(simulation))).toBe(0);
    simulation.clock.nowMs += 1;
    expect(await requeueUnclaimed(run(simulation))).toBe(1);
    await simulation.runUntilQuiet();
    expect((await simulation.record(id)).status).toBe('sent');
  });

  it('examines each email once, and leaves alone those that are sent, wait for a retry, are scheduled or canceled', async () => {
    const simulation = createSimulation();
    await simulation.accept();
    await simulation.runUntilQuiet();
    const waiting = await simulation.accept();
    const canceled = await simulation.accept();
    await schedule(simulation, DAY_MS);
    const lost = await simulation.accept();
    await lose(simulation);
    await simulation.backend.table.update(recordKey(waiting), { set: { attempts: 1 } });
    await simulation.backend.table.update(recordKey(canceled), { set: { status: 'canceled' } });
    simulation.clock.nowMs += 16 * MINUTE_MS;
    expect(await requeueUnclaimed(run(simulation))).toBe(1);
    expect(simulation.backend.waiting()).toMatchObject([{ job: { args: { id: lost } } }]);
    expect(await requeueUnclaimed(run(simulation))).toBe(0);
  });

  it('misses no email in many runs while new ones arrive', async () => {
    const simulation = createSimulation();
    const ids: string[] = [];
    let requeued = 0;
    for (let minute = 0; minute < 60; minute++) {
      for (let count = 0; count < 5; count++) {
        simulation.clock.nowMs += 12_000 - 7 * count;
        ids.push(await simulation.accept());
      }
      await lose(simulation);
      requeued += await requeueUnclaimed(run(simulation));
      while ((await simulation.work(await simulation.backend.receive())).length > 0);
    }
    simulation.clock.nowMs += 16 * MINUTE_MS;
    requeued += await requeueUnclaimed(run(simulation));
    await simulation.runUntilQuiet();
    expect(requeued).toBe(ids.length);
    expect(simulation.sent).toHaveLength(ids.length);
  });

  it('examines more than a page, stops at its deadline, and continues there in the next run', async () => {
    const simulation = createSimulation();
    for (let count = 0; count < 250; count++) await simulation.accept();
    for (let count = 0; count < 25; count++) await lose(simulation);
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
    expect(await requeueUnclaimed(run(simulation, ticking, MINUTE_MS))).toBe(200);
    // While jobs are on the queue, the others might wait there, too.
    await simulation.runUntilQuiet();
    expect(await requeueUnclaimed(run(simulation))).toBe(50);
    expect(await requeueUnclaimed(run(simulation))).toBe(0);
  });

  it('does not continue after an email that it could not queue', async () => {
    const simulation = createSimulation();
    await simulation.accept();
    await lose(simulation);
    simulation.clock.nowMs += 16 * MINUTE_MS;
    const down: Backend = { ...simulation.backend, broker: { send: () => Promise.reject(unavailable('SQS is down')) } };
    await expect(requeueUnclaimed(run(simulation, down))).rejects.toThrow('SQS is down');
    expect(await requeueUnclaimed(run(simulation))).toBe(1);
  });
});

describe('a backlog', () => {
  /** Lets minutes pass: in each the sweep runs once, and a worker takes up to `jobs` of each queue. */
  const pass = async (simulation: Simulation, minutes: number, jobs: Partial<Record<QueueName, number>> = {}) => {
    let requeued = 0;
    for (let minute = 0; minute < minutes; minute++) {
      simulation.clock.nowMs += MINUTE_MS;
      requeued += await requeueUnclaimed(run(simulation));
      for (const [queue, most] of Object.entries(jobs))
        for (let taken = 0; taken < most; ) {
          const deliveries = await simulation.backend.receive(queue as QueueName);
          if (deliveries.length === 0) break;
          taken += deliveries.length;
          await simulation.work(deliveries);
        }
    }
    return requeued;
  };
  const acceptMany = async (simulation: Simulation, count: number, queue: QueueName) => {
    const ids: string[] = [];
    for (let number = 0; number < count; number++) {
      simulation.clock.nowMs += 10;
      ids.push(await simulation.accept({}, { queue }));
    }
    return ids;
  };
  /** Takes the job of this email off its queue. */
  const loseJob = async ({ backend }: Simulation, id: string) => {
    const { queue } = backend.waiting().find(({ job }) => (job.args as { id?: string }).id === id) ?? { queue: 'bulk' };
    const others = [];
    for (;;) {
      const deliveries = await backend.receive(queue);
      if (deliveries.length === 0) break;
      others.push(...deliveries.map(({ body }) => JSON.parse(body)).filter(({ args }) => args.id !== id));
    }
    await backend.broker.send(others.map((job) => ({ queue, job })));
  };
  const hold = ({ backend, clock }: Simulation, held: SendingState['held']) =>
    backend.table.insert({
      key: 'sending',
      fields: { readAtMs: clock.nowMs, ratePerSecond: 14, max24Hours: -1, sent24Hours: 0, ...(held ? { held } : {}) },
    });

  it('of hours on bulk does not duplicate its own jobs', async () => {
    const simulation = createSimulation();
    await acceptMany(simulation, 1_000, 'bulk');
    expect(await pass(simulation, 120, { bulk: 10 })).toBe(0);
    expect(simulation.sent).toHaveLength(1_000);
    expect(simulation.backend.waiting()).toEqual([]);
  });

  it('does not keep a lost transactional job from being found after a quarter of an hour', async () => {
    const simulation = createSimulation();
    await acceptMany(simulation, 1_000, 'bulk');
    await pass(simulation, 30, { bulk: 10 });
    const lost = await simulation.accept();
    await loseJob(simulation, lost);
    expect(await pass(simulation, 14, { bulk: 10, transactional: 10 })).toBe(0);
    expect(await pass(simulation, 2, { bulk: 10, transactional: 10 })).toBe(1);
    expect((await simulation.record(lost)).status).toBe('sent');
  });

  it('shows a lost job of its own once the queue has come a quarter of an hour further', async () => {
    const simulation = createSimulation();
    const ids: string[] = [];
    let requeued = 0;
    for (let minute = 0; minute < 120; minute++) {
      ids.push(...(await acceptMany(simulation, 20, 'bulk')));
      if (minute === 30) await loseJob(simulation, ids.at(-7) ?? '');
      requeued += await pass(simulation, 1, { bulk: 10 });
    }
    expect(simulation.backend.waiting().length).toBeGreaterThan(1_000);
    expect(requeued).toBe(1);
    requeued += await pass(simulation, 130, { bulk: 10 });
    expect([simulation.sent.length, requeued]).toEqual([ids.length, 1]);
  });

  it('costs one page of reads a minute while it waits', async () => {
    const simulation = createSimulation();
    await acceptMany(simulation, 1_000, 'bulk');
    await pass(simulation, 16);
    let read = 0;
    const { table } = simulation.backend;
    const counting: Backend = {
      ...simulation.backend,
      table: { ...table, getMany: (keys) => table.getMany(keys.filter(() => ++read > 0)) },
    };
    await requeueUnclaimed(run(simulation, counting));
    expect(read).toBeLessThanOrEqual(2 + 100 + 25);
  });

  it.each(['quota', 'paused'] as const)(
    'of a held account (%s) gets no second job, nor in the half hour after',
    async (held) => {
      const simulation = createSimulation();
      const ids = await acceptMany(simulation, 250, 'bulk');
      await hold(simulation, held);
      const jobs = simulation.backend.waiting();
      // A postponed job is between two queues for a moment: an empty queue proves nothing now.
      for (const _ of ids) await simulation.backend.receive('bulk');
      expect(await pass(simulation, 24 * 60)).toBe(0);
      await simulation.backend.table.update('sending', { remove: ['held'] });
      expect(await pass(simulation, 28)).toBe(0);
      await simulation.backend.broker.send(jobs);
      expect(await pass(simulation, 10, { bulk: 250 })).toBe(0);
      expect(simulation.sent).toHaveLength(250);
    },
  );

  it('of bulk is held while the quota is kept for transactional email, whose lost jobs are found', async () => {
    const simulation = createSimulation();
    const bulk = await simulation.accept({}, { queue: 'bulk' });
    const lost = await simulation.accept();
    for (const id of [bulk, lost]) await loseJob(simulation, id);
    const fields = { readAtMs: simulation.clock.nowMs, ratePerSecond: 14, max24Hours: 1_000, sent24Hours: 960 };
    await simulation.backend.table.insert({ key: 'sending', fields });
    expect(await pass(simulation, 60)).toBe(1);
    expect(simulation.backend.waiting()).toMatchObject([{ queue: 'transactional', job: { args: { id: lost } } }]);
  });

  it('whose oldest job is younger than the email does not have its job', async () => {
    const simulation = createSimulation();
    const [lost] = await acceptMany(simulation, 2, 'bulk');
    await loseJob(simulation, lost ?? '');
    simulation.clock.nowMs += 20 * MINUTE_MS;
    const aged = (oldestMs: number) => ({ ...run(simulation), backlog: async () => ({ jobs: 1, oldestMs }) });
    expect(await requeueUnclaimed(aged(19 * MINUTE_MS))).toBe(0);
    expect(await requeueUnclaimed(aged(4 * MINUTE_MS))).toBe(2);
  });

  it('goes on where version 0.2 stopped', async () => {
    const simulation = createSimulation();
    const ids = await acceptMany(simulation, 3, 'transactional');
    const { table } = simulation.backend;
    const { createdAtMs, id } = (await table.get<EmailRecord>(recordKey(ids[1] ?? ''))) as EmailRecord;
    await table.insert({ key: 'schedule#sweep', fields: { sort: `${createdAtMs}#${id}` } });
    for (const lost of ids) await loseJob(simulation, lost);
    simulation.clock.nowMs += 90 * MINUTE_MS;
    expect(await requeueUnclaimed(run(simulation))).toBe(1);
    expect(simulation.backend.waiting()).toMatchObject([{ job: { args: { id: ids[2] } } }]);
    expect(await table.get('schedule#sweep')).toMatchObject({ sort: expect.stringContaining(ids[2] ?? '') });
  });

  it('makes no write while nobody uses the deployment', async () => {
    const simulation = createSimulation();
    expect(await pass(simulation, 5)).toBe(0);
    expect(await simulation.backend.table.get('schedule#sweep')).toBeUndefined();
  });
});
