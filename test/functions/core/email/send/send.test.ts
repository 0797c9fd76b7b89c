import { describe, expect, it } from 'vitest';
import { bodyKey } from '../../../../../functions/core/email/body.ts';
import { recordKey } from '../../../../../functions/core/email/record.ts';
import { emailSend } from '../../../../../functions/core/email/send/send.ts';
import { cancel } from '../../../../../functions/core/email/transitions.ts';
import { unavailable } from '../../../../../functions/core/errors.ts';
import type { Job } from '../../../../../functions/core/ports/broker.ts';
import { emailRetry } from '../../../../../functions/core/task/retry.ts';
import { createSimulation, type Simulation, type WorkerPorts } from '../../../../helpers/sending-simulation.ts';
import { failing, faulty, received, rejected, timelineOf } from './sending.ts';

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
