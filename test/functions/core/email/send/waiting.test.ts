import { describe, expect, it } from 'vitest';
import { recordKey } from '../../../../../functions/core/email/record.ts';
import { retryEmail } from '../../../../../functions/core/email/reschedule.ts';
import { emailSend } from '../../../../../functions/core/email/send/send.ts';
import { unavailable } from '../../../../../functions/core/errors.ts';
import type { Pacer } from '../../../../../functions/core/pacing/pacer.ts';
import { SendingHeld, Throttled } from '../../../../../functions/core/pacing/refusals.ts';
import type { Delivery } from '../../../../../functions/core/ports/broker.ts';
import { Postponed } from '../../../../../functions/core/task/task.ts';
import {
  crashingAt,
  createSimulation,
  GIVE_UP_AFTER_MS,
  type Simulation,
  unpaced,
  type WorkerPorts,
} from '../../../../helpers/sending-simulation.ts';

const HOUR_MS = 3_600_000;
const throttled = () => {
  throw new Throttled('Amazon SES throttled the sending');
};
const held = () => {
  throw new SendingHeld('quota', 'The daily sending quota of Amazon SES is used up');
};
const received = async ({ backend }: Simulation): Promise<Delivery> => {
  const [delivery] = await backend.receive();
  if (!delivery) throw new Error('nothing was received');
  return delivery;
};
/** The only job on the queues. */
const nextJob = ({ backend }: Simulation) => {
  const [next, ...others] = backend.waiting();
  if (!next || others.length > 0) throw new Error('there is not one job');
  return next.job;
};

/** The ports of a worker whose pacer is the given one where it has the method, and records the calls. */
function pacedBy(simulation: Simulation, own: Partial<Pacer>) {
  const calls: string[] = [];
  const pacer: Pacer = { ...unpaced(() => simulation.clock.nowMs).pacer, ...own };
  const ports: WorkerPorts = {
    ...simulation.ports,
    pacer: {
      ...pacer,
      reserve: (queue, recipients, untilMs) => {
        calls.push(`reserve ${recipients} ${queue} for ${untilMs - simulation.clock.nowMs} ms`);
        return pacer.reserve(queue, recipients, untilMs);
      },
      arrive: (turn, untilMs) => {
        calls.push('arrive');
        return pacer.arrive(turn, untilMs);
      },
      afterThrottle: (turn, untilMs) => {
        calls.push(`after throttle ${turn.recipients}`);
        return pacer.afterThrottle(turn, untilMs);
      },
    },
  };
  return { ports, calls };
}

describe('an email', () => {
  it('waits for a turn of all its recipients before its worker claims it, and for its time before SES gets it', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept({ cc: ['c@example.com'], bcc: ['d@example.com'] });
    const seen: string[] = [];
    const note = async (when: string) => void seen.push(`${when}: ${(await simulation.record(id)).status}`);
    const { pacer } = unpaced(() => simulation.clock.nowMs);
    const { ports, calls } = pacedBy(simulation, {
      reserve: async (...request) => {
        await note('reserve');
        return pacer.reserve(...request);
      },
      arrive: async () => note('arrive'),
    });
    await simulation.work([await received(simulation)], ports);
    expect(seen).toEqual(['reserve: queued', 'arrive: sending']);
    // At most half of the function's time.
    expect(calls).toEqual(['reserve 3 transactional for 30000 ms', 'arrive']);
    expect(simulation.sent).toHaveLength(1);
  });

  it('that cannot have a turn in time has used no attempt, and nothing was written', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    const before = await simulation.record(id);
    const { ports } = pacedBy(simulation, { reserve: () => Promise.reject(new Postponed('no turn', 7)) });
    const delivery = await received(simulation);
    expect(await simulation.work([delivery], ports)).toEqual([]);
    expect(await simulation.record(id)).toEqual(before);
    expect(nextJob(simulation)).toMatchObject({
      attempt: 1,
      dueAtMs: simulation.clock.nowMs + 7_000,
      args: { recipients: 1, sinceMs: before.createdAtMs, waitedFor: 'no turn' },
    });
    await simulation.runUntilQuiet();
    expect(await simulation.record(id)).toMatchObject({ status: 'sent', attempts: 1 });
  });

  it('that SES throttles waits for another turn in its worker: no attempt, no deferral', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    simulation.answers.push(throttled, throttled);
    const { ports, calls } = pacedBy(simulation, {});
    await simulation.work([await received(simulation)], ports);
    expect(calls.slice(2)).toEqual(['after throttle 1', 'after throttle 1']);
    const record = await simulation.record(id);
    expect(record).toMatchObject({ status: 'sent', attempts: 1 });
    expect(record.deferred).toBeUndefined();
  });

  it('that SES throttles for too long is released without an attempt', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    simulation.answers.push(throttled);
    const { ports } = pacedBy(simulation, { afterThrottle: () => Promise.reject(new Postponed('no turn', 7)) });
    expect(await simulation.work([await received(simulation)], ports)).toEqual([]);
    const { nowMs } = simulation.clock;
    expect(await simulation.record(id)).toMatchObject({
      status: 'queued',
      attempts: 0,
      deferred: { firstAtMs: nowMs, lastAtMs: nowMs, count: 1, detail: 'no turn' },
    });
    await simulation.runUntilQuiet();
    expect(await simulation.record(id)).toMatchObject({ status: 'sent', attempts: 1, deferred: { count: 1 } });
  });

  it('waits through a quota of days without an attempt, with one deferral for all its waits', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    const [startMs, endMs] = [simulation.clock.nowMs, simulation.clock.nowMs + 2 * HOUR_MS];
    const untilEnd = () => {
      if (simulation.clock.nowMs < endMs) held();
    };
    simulation.answers.push(...Array.from({ length: 200 }, () => untilEnd));
    await simulation.runUntilQuiet();
    const record = await simulation.record(id);
    expect(record).toMatchObject({ status: 'sent', attempts: 1, deferred: { firstAtMs: startMs, count: 120 } });
    expect(record.timeline).toHaveLength(2);
    expect(simulation.sent).toHaveLength(1);
    expect(simulation.metrics.counted.filter((count) => count.startsWith('retried'))).toEqual([]);
  });

  it('tells the account’s state of a hold, and of every email that was taken', async () => {
    const simulation = createSimulation();
    const told: string[] = [];
    const sending: NonNullable<WorkerPorts['sending']> = {
      hold: async (cause, reason) => {
        told.push(`hold ${cause}`);
        return new Postponed(reason, 60);
      },
      sent: async () => {
        told.push('sent');
        throw new Error('the table is down');
      },
    };
    simulation.answers.push(held);
    const id = await simulation.accept();
    await simulation.runUntilQuiet(() => ({ ...simulation.ports, sending }));
    expect(told).toEqual(['hold quota', 'sent']);
    expect((await simulation.record(id)).status).toBe('sent');
  });

  it('goes on as after a fault when its claim cannot be released', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    simulation.answers.push(held);
    const { table } = simulation.ports;
    let writes = 0;
    const update = ((...change: Parameters<typeof table.update>) =>
      ++writes === 2 ? Promise.reject(unavailable('table is down')) : table.update(...change)) as typeof table.update;
    const ports = { ...simulation.ports, table: { ...table, update } };
    await simulation.runUntilQuiet(() => ports);
    expect(await simulation.record(id)).toMatchObject({ status: 'sent', attempts: 2 });
    expect(simulation.sent).toHaveLength(1);
  });

  it('is neither lost nor doubled by a worker that crashes while it releases it', async () => {
    let calls = 0;
    for (const when of ['before', 'after'] as const) {
      for (let n = 1; ; n++) {
        const simulation = createSimulation();
        simulation.answers.push(held);
        const id = await simulation.accept();
        const process = crashingAt(simulation.ports, n, when);
        const delivery = await received(simulation);
        const failed = await simulation.work([delivery], process.ports);
        if (process.state.crashed) simulation.returnToQueue(delivery);
        else expect(failed).toEqual([]);
        await simulation.runUntilQuiet();
        const { status } = await simulation.record(id);
        expect({ n, when, status, sent: simulation.sent.length }).toEqual({ n, when, status: 'sent', sent: 1 });
        if (!process.state.crashed) break;
        calls = n;
      }
    }
    expect(calls).toBe(6);
  });
});

describe('the deadline', () => {
  const postponing = (reason: string): Partial<Pacer> => ({
    reserve: () => Promise.reject(new Postponed(reason, 900)),
  });

  it('ends an email that the account did not let go, with the time and the cause as the reason', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    const { ports } = pacedBy(simulation, postponing('Sending is paused'));
    await simulation.runUntilQuiet(() => ports);
    const { status, attempts, timeline } = await simulation.record(id);
    expect({ status, attempts }).toEqual({ status: 'failed', attempts: 1 });
    expect(timeline.at(-1)).toMatchObject({
      event: 'failed',
      detail: 'Not sent within 120 hours: Sending is paused',
    });
    expect((timeline.at(-1)?.atMs ?? 0) - (timeline[0]?.atMs ?? 0)).toBe(GIVE_UP_AFTER_MS + 900_000);
    expect(simulation.metrics.counted).toContain('failed transactional');
    expect(simulation.deadLetters).toEqual([]);
  });

  it('counts from the time of a scheduled email', async () => {
    const simulation = createSimulation();
    const dueAtMs = simulation.clock.nowMs + 600_000;
    const id = await simulation.accept({ scheduled_at: new Date(dueAtMs).toISOString() });
    const { ports } = pacedBy(simulation, postponing('Sending is paused'));
    await simulation.runUntilQuiet(() => ports);
    expect((await simulation.record(id)).timeline.at(-1)?.atMs).toBe(dueAtMs + GIVE_UP_AFTER_MS + 900_000);
  });

  it('begins anew when a failed email is queued again', async () => {
    const simulation = createSimulation();
    const { backend } = simulation;
    const id = await simulation.accept();
    await simulation.backend.receive();
    simulation.clock.nowMs += 200 * HOUR_MS;
    await backend.table.update(recordKey(id), { set: { status: 'failed' } });
    const { nowMs } = simulation.clock;
    expect((await retryEmail(await simulation.record(id), { backend, nowMs })).applied).toBe(true);
    expect(nextJob(simulation).args).toMatchObject({ sinceMs: nowMs });
    await simulation.runUntilQuiet();
    expect((await simulation.record(id)).status).toBe('sent');
  });

  it('ends no email that was sent, canceled, or is with another worker', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    const delivery = await received(simulation);
    simulation.clock.nowMs += 97 * HOUR_MS;
    for (const [status, failed] of [
      ['sent', []],
      ['canceled', []],
      ['sending', [delivery.id]],
    ] as const) {
      const leaseUntilMs = simulation.clock.nowMs + 60_000;
      await simulation.backend.table.update(recordKey(id), { set: { status, attempts: 1, leaseUntilMs } });
      expect(await simulation.work([delivery])).toEqual(failed);
      expect((await simulation.record(id)).status).toBe(status);
    }
  });
});

describe('a job of version 0.2, which tells neither its recipients nor its time', () => {
  const oldJob = async (simulation: Simulation, input: Record<string, unknown> = {}) => {
    const id = await simulation.accept(input);
    await simulation.backend.receive();
    const { fingerprint } = await simulation.record(id);
    await simulation.backend.broker.send([emailSend.call({ id, fingerprint })]);
    return id;
  };

  it('takes another turn for the recipients that it did not tell', async () => {
    const simulation = createSimulation();
    await oldJob(simulation, { cc: ['c@example.com', 'd@example.com'] });
    const { ports, calls } = pacedBy(simulation, {});
    await simulation.work([await received(simulation)], ports);
    expect(calls.map((call) => call.replace(/ for.*/, ''))).toEqual([
      'reserve 1 transactional',
      'arrive',
      'reserve 2 transactional',
      'arrive',
    ]);
    expect(simulation.sent).toHaveLength(1);
  });

  it('has its deadline from the first time it is postponed', async () => {
    const simulation = createSimulation();
    const id = await oldJob(simulation);
    const startMs = simulation.clock.nowMs;
    const { ports } = pacedBy(simulation, { reserve: () => Promise.reject(new Postponed('Sending is paused', 900)) });
    await simulation.work([await received(simulation)], ports);
    expect(nextJob(simulation).args).toMatchObject({ sinceMs: startMs, waitedFor: 'Sending is paused' });
    await simulation.runUntilQuiet(() => ports);
    expect((await simulation.record(id)).status).toBe('failed');
  });
});
