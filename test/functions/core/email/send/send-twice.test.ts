import { describe, expect, it } from 'vitest';
import { recordKey } from '../../../../../functions/core/email/record.ts';
import { unavailable } from '../../../../../functions/core/errors.ts';
import {
  crashingAt,
  createSimulation,
  type Simulation,
  VISIBILITY_TIMEOUT_MS,
  type WorkerPorts,
} from '../../../../helpers/sending-simulation.ts';
import { failing, received } from './sending.ts';

describe('a job that is delivered twice', () => {
  it('sends once when both deliveries run at the same time', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    const delivery = await received(simulation);
    const copies = Array.from({ length: 10 }, (_, copy) => ({ ...delivery, id: `copy-${copy}` }));
    const failed = await simulation.work(copies);
    expect(simulation.sent).toHaveLength(1);
    // The other nine stay: the worker that has the claim may crash.
    expect(failed).toHaveLength(9);
    expect((await simulation.record(id)).status).toBe('sent');
    expect(await simulation.work(copies)).toEqual([]);
    expect(simulation.sent).toHaveLength(1);
  });

  it.each(['table', 'bodies'] as const)(
    'cannot release the claim of another run by its own failure: %s',
    async (part) => {
      const simulation = createSimulation();
      const id = await simulation.accept();
      const delivery = await received(simulation);
      const { ports } = simulation;
      const sending = Promise.withResolvers<void>();
      const answer = Promise.withResolvers<void>();
      const slow: WorkerPorts = {
        ...ports,
        mailer: {
          send: async (message) => {
            sending.resolve();
            await answer.promise;
            return ports.mailer.send(message);
          },
        },
      };
      const fault = async () => {
        throw unavailable(`${part} is down`);
      };
      const broken: WorkerPorts = {
        ...ports,
        ...(part === 'table'
          ? { table: onceBroken(ports.table, 'update') }
          : { bodies: { ...ports.bodies, get: fault } }),
      };
      const first = simulation.work([delivery], slow);
      await sending.promise;
      await simulation.work([{ ...delivery, id: 'copy' }], broken);
      // Its next attempt must find the claim of the first run.
      await workOnce(simulation);
      answer.resolve();
      await first;
      await simulation.runUntilQuiet();
      expect(simulation.sent).toHaveLength(1);
      expect(await simulation.record(id)).toMatchObject({ status: 'sent', messageId: 'message-1' });
    },
  );

  const onceBroken = <T extends object>(port: T, name: keyof T): T => {
    let broken = true;
    return new Proxy(port, {
      get: (target, property) => {
        const method = Reflect.get(target, property) as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) => {
          if (property !== name || !broken) return method.apply(target, args);
          broken = false;
          return Promise.reject(unavailable('down'));
        };
      },
    });
  };

  const workOnce = async (simulation: Simulation) => {
    const dueAtMs = Math.max(0, ...simulation.backend.waiting().map(({ job }) => job.dueAtMs ?? 0));
    simulation.clock.nowMs = Math.max(simulation.clock.nowMs, Math.ceil(dueAtMs));
    const deliveries = await simulation.backend.receive();
    const failed = await simulation.work(deliveries);
    for (const delivery of deliveries) if (failed.includes(delivery.id)) simulation.returnToQueue(delivery);
  };

  it('does nothing when the email is sent, canceled or failed', async () => {
    for (const status of ['sent', 'delivered', 'canceled', 'failed', 'bounced', 'suppressed'] as const) {
      const simulation = createSimulation();
      const id = await simulation.accept();
      await simulation.backend.table.update(recordKey(id), { set: { status } });
      await simulation.runUntilQuiet();
      expect(simulation.sent).toEqual([]);
      expect(simulation.deadLetters).toEqual([]);
      expect((await simulation.record(id)).status).toBe(status);
    }
  });

  it('does nothing when a later attempt is already queued', async () => {
    const simulation = createSimulation();
    simulation.answers.push(failing);
    await simulation.accept();
    const first = await received(simulation);
    await simulation.work([first]);
    expect(await simulation.work([first])).toEqual([]);
    expect(simulation.sent).toEqual([]);
    expect(simulation.backend.waiting()).toHaveLength(1);
  });

  it('is acknowledged when a later attempt is running', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    const first = await received(simulation);
    const set = { status: 'sending', attempts: 2, leaseUntilMs: simulation.clock.nowMs + 1_000 };
    await simulation.backend.table.update(recordKey(id), { set });
    expect(await simulation.work([first])).toEqual([]);
  });
});

describe('a lease', () => {
  const claimedBy = async (simulation: Simulation, leaseUntilMs: number) => {
    const id = await simulation.accept();
    await simulation.backend.table.update(recordKey(id), { set: { status: 'sending', attempts: 1, leaseUntilMs } });
    return received(simulation);
  };

  it('keeps other workers from claiming the email until it has ended, to the millisecond', async () => {
    const simulation = createSimulation();
    const leaseUntilMs = simulation.clock.nowMs + 10_000;
    const delivery = await claimedBy(simulation, leaseUntilMs);
    simulation.clock.nowMs = leaseUntilMs;
    expect(await simulation.work([delivery])).toEqual([delivery.id]);
    simulation.clock.nowMs = leaseUntilMs + 1;
    expect(await simulation.work([delivery])).toEqual([]);
    expect(simulation.sent).toHaveLength(1);
  });

  it('ends after the worker’s deadline and before the queue delivers the job again', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    const startMs = simulation.clock.nowMs;
    const process = crashingAt(simulation.ports, 3, 'before');
    await simulation.work([await received(simulation)], process.ports);
    const { leaseUntilMs = 0 } = await simulation.record(id);
    expect(leaseUntilMs).toBeGreaterThan(startMs + 60_000);
    expect(leaseUntilMs).toBeLessThan(startMs + VISIBILITY_TIMEOUT_MS);
  });

  it('of a worker whose clock is ahead delays an email and never doubles it', async () => {
    const simulation = createSimulation();
    const delivery = await claimedBy(simulation, simulation.clock.nowMs + 60_000 + 45_000);
    expect(await simulation.work([delivery])).toEqual([delivery.id]);
    simulation.returnToQueue(delivery);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toHaveLength(1);
  });
});
