import { describe, expect, it, vi } from 'vitest';
import { unavailable } from '../../../../../functions/core/errors.ts';
import {
  crashingAt,
  createSimulation,
  type Simulation,
  type WorkerPorts,
} from '../../../../helpers/sending-simulation.ts';
import { failing, received, rejected } from './sending.ts';

describe('a worker that crashes', () => {
  const outcomes = async (
    n: number,
    when: 'before' | 'after',
    prepare: (simulation: Simulation) => void = () => {},
  ) => {
    const simulation = createSimulation();
    prepare(simulation);
    const id = await simulation.accept();
    const process = crashingAt(simulation.ports, n, when);
    const delivery = await received(simulation);
    await simulation.work([delivery], process.ports);
    if (process.state.crashed) simulation.returnToQueue(delivery);
    await simulation.runUntilQuiet();
    return {
      crashed: process.state.crashed,
      last: process.calls.at(-1),
      status: (await simulation.record(id)).status,
      sent: simulation.sent.length,
      deadLetters: simulation.deadLetters.length,
    };
  };

  it('never loses the email, and sends twice only between the provider’s answer and the record’s update', async () => {
    const twice: string[] = [];
    let calls = 0;
    for (const when of ['before', 'after'] as const) {
      for (let n = 1; ; n++) {
        const { crashed, last, status, sent, deadLetters } = await outcomes(n, when);
        if (!crashed) break;
        calls = n;
        expect({ n, when, status, deadLetters }).toEqual({ n, when, status: 'sent', deadLetters: 0 });
        if (sent !== 1) twice.push(`${when} ${n} ${last}: ${sent}`);
      }
    }
    expect(calls).toBe(5);
    expect(twice).toEqual(['before 5 table.update: 2', 'after 4 mailer.send: 2']);
  });

  it('never loses or doubles an email while it queues the next attempt', async () => {
    let calls = 0;
    for (const when of ['before', 'after'] as const) {
      for (let n = 1; ; n++) {
        const outcome = await outcomes(n, when, ({ answers }) => answers.push(failing));
        if (!outcome.crashed) break;
        calls = n;
        expect({ n, when, ...outcome }).toMatchObject({ n, when, status: 'sent', sent: 1, deadLetters: 0 });
      }
    }
    expect(calls).toBe(6);
  });

  it('still marks a rejected email as failed', async () => {
    let calls = 0;
    for (const when of ['before', 'after'] as const) {
      for (let n = 1; ; n++) {
        const outcome = await outcomes(n, when, ({ answers }) => answers.push(rejected, rejected));
        if (!outcome.crashed) break;
        calls = n;
        expect({ n, when, ...outcome }).toMatchObject({ n, when, status: 'failed', sent: 0, deadLetters: 0 });
      }
    }
    expect(calls).toBe(5);
  });
});

describe('a port that fails', () => {
  const failingAt = (ports: WorkerPorts, n: number): { ports: WorkerPorts; calls: string[] } => {
    const calls: string[] = [];
    const guard = <T extends object>(name: string, port: T): T =>
      new Proxy(port, {
        get: (target, property) => {
          const method = Reflect.get(target, property) as (...args: unknown[]) => Promise<unknown>;
          return (...args: unknown[]) => {
            calls.push(`${name}.${String(property)}`);
            if (calls.length === n) return Promise.reject(unavailable(`${name} is down`));
            return method.apply(target, args);
          };
        },
      });
    const { table, bodies, broker, mailer } = ports;
    return {
      ports: { table: guard('table', table), bodies: guard('bodies', bodies), broker: guard('broker', broker), mailer },
      calls,
    };
  };

  it.each([[[]], [[failing]], [[failing, failing]]])(
    'costs at most one attempt, whichever call fails (%#)',
    async (answers) => {
      for (let n = 1; ; n++) {
        const simulation = createSimulation();
        simulation.answers.push(...answers);
        const id = await simulation.accept();
        const { ports, calls } = failingAt(simulation.ports, n);
        await simulation.runUntilQuiet(() => ports);
        expect({ n, status: (await simulation.record(id)).status, sent: simulation.sent.length }).toEqual({
          n,
          status: 'sent',
          sent: 1,
        });
        expect(simulation.deadLetters).toEqual([]);
        if (calls.length < n) break;
      }
    },
  );

  it('that fails for long costs one attempt and no redelivery: the job does not return beside its next attempt', async () => {
    const simulation = createSimulation();
    await simulation.accept();
    const update = async () => {
      throw unavailable('table is down');
    };
    const delivery = await received(simulation);
    const ports = { ...simulation.ports, table: { ...simulation.ports.table, update } };
    expect(await simulation.work([delivery], ports)).toEqual([]);
    expect(simulation.backend.waiting().map(({ job }) => job.attempt)).toEqual([2]);
  });

  it('does not repeat a send that could not be recorded: a job on the queue records it', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    const { ports } = failingAt(simulation.ports, 4);
    const delivery = await received(simulation);
    expect(await simulation.work([delivery], ports)).toEqual([]);
    expect(await simulation.record(id)).toMatchObject({ status: 'sending' });
    const sentAtMs = simulation.clock.nowMs;
    simulation.clock.nowMs += 5_000;
    await simulation.runUntilQuiet();
    expect(await simulation.record(id)).toMatchObject({ status: 'sent', messageId: 'message-1' });
    expect((await simulation.record(id)).timeline.at(-1)).toEqual({ atMs: sentAtMs, event: 'sent' });
    expect(simulation.sent).toHaveLength(1);
  });
});

describe('a worker that was frozen between its claim and its send', () => {
  it.each([
    ['the email is another worker’s by then', true],
    ['no worker has claimed it since', false],
  ])('does not send when it continues after its lease: %s', async (_when, claimedSince) => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    const delivery = await received(simulation);
    const { bodies } = simulation.ports;
    const frozen: WorkerPorts = {
      ...simulation.ports,
      bodies: {
        ...bodies,
        get: async (key) => {
          await vi.waitFor(async () => expect((await simulation.record(id)).status).toBe('sending'));
          simulation.clock.nowMs += 3_600_000;
          if (claimedSince) await simulation.work([{ ...delivery, id: 'copy' }]);
          return bodies.get(key);
        },
      },
    };
    expect(await simulation.work([delivery], frozen)).toEqual([delivery.id]);
    expect(simulation.sent).toHaveLength(claimedSince ? 1 : 0);
    expect(simulation.backend.waiting()).toEqual([]);
    simulation.returnToQueue(delivery);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toHaveLength(1);
    expect((await simulation.record(id)).status).toBe('sent');
  });
});
