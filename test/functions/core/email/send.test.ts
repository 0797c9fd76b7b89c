import { describe, expect, it, vi } from 'vitest';
import { bodyKey } from '../../../../functions/core/email/body.ts';
import { recordKey } from '../../../../functions/core/email/record.ts';
import { emailSend } from '../../../../functions/core/email/send.ts';
import { timelineOf as shownTimeline } from '../../../../functions/core/email/timeline.ts';
import { cancel } from '../../../../functions/core/email/transitions.ts';
import { SendoffError, unavailable } from '../../../../functions/core/errors.ts';
import type { Delivery, Job } from '../../../../functions/core/ports/broker.ts';
import { emailRetry } from '../../../../functions/core/task/retry.ts';
import {
  crashingAt,
  createSimulation,
  type Simulation,
  VISIBILITY_TIMEOUT_MS,
  type WorkerPorts,
} from '../../../helpers/sending-simulation.ts';

const failing = () => {
  throw unavailable('Amazon SES did not answer');
};
/** The fault of an email: a file that it names cannot be fetched. */
const faulty = () => {
  throw new SendoffError('invalid_attachment', 503, 'Attachment: example.com answered 500', { retryable: true });
};
const rejected = () => {
  throw new SendoffError('validation_error', 422, 'Amazon SES refused the email: not verified');
};
const timelineOf = async ({ record }: Simulation, id: string) =>
  shownTimeline(await record(id)).map(({ event, count }) => (count === undefined ? event : `${event} ${count}`));
const received = async ({ backend }: Simulation): Promise<Delivery> => {
  const [delivery] = await backend.receive();
  if (!delivery) throw new Error('nothing was received');
  return delivery;
};

describe('email.send', () => {
  it('sends an accepted email once, to each recipient once, and marks its record as sent', async () => {
    const simulation = createSimulation();
    const recipients = {
      to: ['Ann <ann@example.com>', 'b@example.com'],
      cc: 'c@example.com',
      bcc: ['d@example.com', 'b@example.com'],
    };
    const id = await simulation.accept({ ...recipients, tags: [{ name: 'a', value: 'b' }] });
    await simulation.runUntilQuiet();
    expect(simulation.sent).toEqual([
      {
        emailId: id,
        from: 'a@example.com',
        destinations: ['ann@example.com', 'b@example.com', 'c@example.com', 'd@example.com'],
        raw: Buffer.from('Hello, B.'),
        tags: [{ name: 'a', value: 'b' }],
      },
    ]);
    const record = await simulation.record(id);
    expect(record).toMatchObject({ status: 'sent', messageId: 'message-1', attempts: 1 });
    expect(record.leaseUntilMs).toBeUndefined();
    expect(await timelineOf(simulation, id)).toEqual(['queued', 'sent']);
  });

  it('retries a send that failed, never a rejected one', async () => {
    const simulation = createSimulation();
    simulation.answers.push(failing, failing);
    const later = await simulation.accept();
    await simulation.runUntilQuiet();
    expect(await timelineOf(simulation, later)).toEqual(['queued', 'deferred 2', 'sent']);
    expect((await simulation.record(later)).attempts).toBe(3);

    simulation.answers.push(rejected);
    const never = await simulation.accept();
    await simulation.runUntilQuiet();
    expect(await simulation.record(never)).toMatchObject({
      status: 'failed',
      timeline: [{ event: 'queued' }, { event: 'failed', detail: 'Amazon SES refused the email: not verified' }],
    });
    expect(simulation.sent).toHaveLength(1);
    expect(simulation.deadLetters).toEqual([]);
  });

  it('gives up after the last attempt when the fault is that of the email, with the reason on the record', async () => {
    const simulation = createSimulation();
    simulation.answers.push(...Array.from({ length: emailRetry.maxAttempts }, () => faulty));
    const id = await simulation.accept();
    await simulation.runUntilQuiet();
    expect(simulation.answers).toEqual([]);
    expect(simulation.sent).toEqual([]);
    const { status, timeline, attempts, deferred } = await simulation.record(id);
    expect({ status, attempts, waits: deferred?.count }).toEqual({ status: 'failed', attempts: 50, waits: 49 });
    expect(timeline).toMatchObject([{ event: 'queued' }, { event: 'failed', detail: deferred?.detail }]);
  });

  it.each([
    [119, 'sent'],
    [121, 'failed'],
  ])('ends by time when SES is down, however many tries that takes: after %i hours it is %s', async (hours, status) => {
    const simulation = createSimulation();
    const startMs = simulation.clock.nowMs;
    const untilEnd = () => {
      if (simulation.clock.nowMs < startMs + hours * 3_600_000) throw unavailable('Amazon SES did not answer');
    };
    simulation.answers.push(...Array.from({ length: 1_000 }, () => untilEnd));
    const id = await simulation.accept();
    await simulation.runUntilQuiet();
    const record = await simulation.record(id);
    expect(record.status).toBe(status);
    expect(record.attempts).toBeGreaterThan(300);
    expect(record.timeline).toHaveLength(2);
    expect(record.deferred).toMatchObject({ detail: 'Amazon SES did not answer' });
    if (status === 'sent') return;
    expect(record.timeline.at(-1)).toMatchObject({
      event: 'failed',
      detail: 'Not sent within 120 hours: Amazon SES did not answer',
    });
    expect(simulation.clock.nowMs - startMs).toBeLessThan(120.5 * 3_600_000);
  });

  it('fetches the attachments of an email for at most 20 s, or half of the remaining time if that is less', async () => {
    const simulation = createSimulation();
    const { table } = simulation.ports;
    for (const lateMs of [0, 20_000, 30_000, 59_000, 70_000]) {
      await simulation.accept();
      const update: typeof table.update = async (...change) => {
        simulation.clock.nowMs += lateMs;
        const outcome = await table.update<never>(...change);
        return outcome;
      };
      const late = { ...simulation.ports, table: { ...table, update } };
      await simulation.work([await received(simulation)], late);
    }
    expect(simulation.fetchTimes).toEqual([20_000, 20_000, 15_000, 500, 0]);
  });

  it('waits at least as long as the provider asks for', async () => {
    const simulation = createSimulation();
    simulation.answers.push(() => {
      throw unavailable('no answer', undefined, 60);
    });
    await simulation.accept();
    await simulation.work([await received(simulation)]);
    expect(simulation.backend.waiting()[0]?.job).toMatchObject({
      attempt: 2,
      dueAtMs: simulation.clock.nowMs + 60_000,
    });
  });

  it('does not acknowledge a job that fails by a bug, so that it ends in the dead-letter queue', async () => {
    const simulation = createSimulation();
    simulation.answers.push(() => {
      throw new TypeError('a bug');
    });
    await simulation.accept();
    const delivery = await received(simulation);
    expect(await simulation.work([delivery])).toEqual([delivery.id]);
  });
});

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

describe('a job that arrives before its record or its body', () => {
  const job = (attempt = 1): Job => ({
    task: 'email.send',
    args: { id: 'missing', fingerprint: 'f' },
    attempt,
  });

  it('finds its record and body a moment later', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    const delivery = await received(simulation);
    const { table, bodies } = simulation.ports;
    let reads = 0;
    let claims = 0;
    const late: WorkerPorts = {
      ...simulation.ports,
      bodies: { ...bodies, get: async (key) => (++reads > 2 ? bodies.get(key) : undefined) },
      table: new Proxy(table, {
        get: (target, property) =>
          property === 'update' && ++claims <= 2
            ? async () => ({ applied: false, document: undefined })
            : Reflect.get(target, property),
      }),
    };
    expect(await simulation.work([delivery], late)).toEqual([]);
    expect(simulation.sent).toHaveLength(1);
    expect(await simulation.record(id)).toMatchObject({ status: 'sent', attempts: 1 });
  });

  it('is tried a few times, then dropped, as its email was never accepted', async () => {
    const simulation = createSimulation();
    await simulation.backend.broker.send([{ queue: 'transactional', job: job() }]);
    await simulation.runUntilQuiet();
    expect(simulation.logged.filter(({ message }) => message === 'job will be tried again').length).toBeGreaterThan(1);
    expect(simulation.logged.map(({ message }) => message)).toContain('job dropped: its email was never accepted');
    expect(simulation.deadLetters).toEqual([]);
    expect(simulation.sent).toEqual([]);
  });

  it('marks the email as failed when its body never arrives', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    const { fingerprint } = await simulation.record(id);
    await simulation.backend.bodies.delete(bodyKey(id, fingerprint));
    await simulation.runUntilQuiet();
    const record = await simulation.record(id);
    expect(record.status).toBe('failed');
    expect(record.attempts).toBeGreaterThan(2);
    expect(record.timeline.at(-1)?.detail).toBe('The body of this email is gone');
  });

  it('sends when the body arrives before the last try', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept();
    const { fingerprint } = await simulation.record(id);
    const key = bodyKey(id, fingerprint);
    const bytes = (await simulation.backend.bodies.get(key)) ?? new Uint8Array();
    await simulation.backend.bodies.delete(key);
    await simulation.work([await received(simulation)]);
    await simulation.backend.bodies.put(key, bytes, 0);
    await simulation.runUntilQuiet();
    expect((await simulation.record(id)).status).toBe('sent');
  });

  it('of another payload under the same idempotency key does nothing', async () => {
    const simulation = createSimulation();
    const id = await simulation.accept({}, { idempotencyKey: 'order-1' });
    await simulation.runUntilQuiet();
    const other = emailSend.call({ id, fingerprint: 'of another payload' });
    const second = createSimulation();
    const sameId = await second.accept({}, { idempotencyKey: 'order-1' });
    expect(sameId).toBe(id);
    await second.backend.receive();
    await second.backend.broker.send([other]);
    await second.runUntilQuiet();
    expect(second.sent).toEqual([]);
    expect((await second.record(id)).status).toBe('queued');
    // It does not wait for the worker that sends the first payload.
    const set = { status: 'sending', attempts: 1, leaseUntilMs: second.clock.nowMs + 60_000 };
    await second.backend.table.update(recordKey(id), { set });
    await second.backend.broker.send([other]);
    expect(await second.work(await second.backend.receive())).toEqual([]);
  });
});

describe('a scheduled email', () => {
  const scheduled = async (simulation: Simulation, aheadMs: number) =>
    simulation.accept({ scheduled_at: new Date(simulation.clock.nowMs + aheadMs).toISOString() });

  it('is sent at its time, not before', async () => {
    const simulation = createSimulation();
    const dueAtMs = simulation.clock.nowMs + 600_000;
    const id = await scheduled(simulation, 600_000);
    await simulation.runUntilQuiet();
    expect(await timelineOf(simulation, id)).toEqual(['scheduled', 'sent']);
    expect(simulation.clock.nowMs).toBe(dueAtMs);
  });

  it('is sent by a worker whose clock is two seconds behind, not by one whose clock is further behind', async () => {
    for (const [behindMs, sent] of [
      [2_000, 1],
      [2_001, 0],
    ] as const) {
      const simulation = createSimulation();
      const dueAtMs = simulation.clock.nowMs + 600_000;
      const id = await scheduled(simulation, 600_000);
      const { fingerprint } = await simulation.record(id);
      const { job } = emailSend.call({ id, fingerprint });
      simulation.clock.nowMs = dueAtMs - behindMs;
      await simulation.work([{ id: 'early', body: JSON.stringify(job), queue: 'transactional' }]);
      expect(simulation.sent).toHaveLength(sent);
    }
  });

  it('is not sent by the job of its old time', async () => {
    const simulation = createSimulation();
    const id = await scheduled(simulation, 600_000);
    const later = simulation.clock.nowMs + 3_600_000;
    await simulation.backend.table.update(recordKey(id), { set: { scheduledAtMs: later } });
    await simulation.runUntilQuiet();
    expect(simulation.sent).toEqual([]);
    expect((await simulation.record(id)).status).toBe('scheduled');
  });

  it('is not sent after it was canceled, although its job is on the queue', async () => {
    const simulation = createSimulation();
    const id = await scheduled(simulation, 600_000);
    expect((await cancel(simulation.backend.table, id, simulation.clock.nowMs)).applied).toBe(true);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toEqual([]);
    expect(await timelineOf(simulation, id)).toEqual(['scheduled', 'canceled']);
  });
});
