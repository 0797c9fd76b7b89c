import { describe, expect, it } from 'vitest';
import { submitInParallel } from '../../../../../functions/adapters/aws/backend.ts';
import { type EmailRecord, recordKey } from '../../../../../functions/core/email/record.ts';
import { rescheduleEmail, retryEmail } from '../../../../../functions/core/email/reschedule.ts';
import { unavailable } from '../../../../../functions/core/errors.ts';
import type { Backend } from '../../../../../functions/core/ports/backend.ts';
import { createSimulation, type Simulation } from '../../../../helpers/sending-simulation.ts';

import { accept, bodyOf, list } from './submitting.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('submitting', () => {
  it('stores record, body and job, and answers a new id each time', async () => {
    const simulation = createSimulation();
    const [first = ''] = await accept(simulation, [{}]);
    const [second = ''] = await accept(simulation, [{}]);
    expect(first).not.toBe(second);
    expect(await simulation.record(first)).toMatchObject({
      id: first,
      status: 'queued',
      attempts: 0,
      queue: 'transactional',
    });
    expect(await bodyOf(simulation, first)).toEqual({ text: 'Hello, B.', headers: {}, attachments: [] });
    const { fingerprint } = await simulation.record(first);
    expect(simulation.backend.waiting()[0]).toEqual({
      queue: 'transactional',
      job: {
        group: 'key',
        task: 'email.send',
        args: { id: first, fingerprint, recipients: 1, sinceMs: simulation.clock.nowMs },
        attempt: 1,
      },
    });
  });

  it('puts the emails of one API key in a group of their own, scheduled ones and those sent again too', async () => {
    const simulation = createSimulation();
    const { backend, clock } = simulation;
    const keyId = 'a1b2c3d4-0000-4000-8000-000000000000';
    const scheduled_at = new Date(clock.nowMs + DAY_MS).toISOString();
    const [later = '', failed = ''] = await accept(simulation, [{ scheduled_at }, {}], { keyId });
    await backend.receive();
    await backend.table.update(recordKey(failed), { set: { status: 'failed' } });
    await retryEmail(await simulation.record(failed), { backend, nowMs: clock.nowMs });
    await rescheduleEmail(await simulation.record(later), clock.nowMs + 60_000, {
      backend,
      nowMs: clock.nowMs,
      retentionMs: DAY_MS,
    });
    expect(backend.waiting().map(({ job }) => job.group)).toEqual(['a1b2c3d4', 'a1b2c3d4']);
  });

  it('answers the ids of a batch in order and uses the given queue', async () => {
    const simulation = createSimulation();
    const subjects = Array.from({ length: 100 }, (_, index) => `Subject ${index}`);
    const ids = await accept(
      simulation,
      subjects.map((subject) => ({ subject })),
      { queue: 'bulk' },
    );
    const records = await Promise.all(ids.map((id) => simulation.record(id)));
    expect(records.map(({ subject }) => subject)).toEqual(subjects);
    expect(new Set(simulation.backend.waiting().map(({ queue }) => queue))).toEqual(new Set(['bulk']));
  });

  it('keeps records and bodies for the retention after the email is due', async () => {
    const simulation = createSimulation();
    const dueMs = 10 * DAY_MS;
    const scheduled_at = new Date(simulation.clock.nowMs + dueMs).toISOString();
    const [now = '', later = ''] = await accept(simulation, [{}, { scheduled_at }]);
    const readable = async (id: string) => (await simulation.backend.table.get(recordKey(id))) !== undefined;
    simulation.clock.nowMs += 30 * DAY_MS - 1;
    expect([await readable(now), await readable(later)]).toEqual([true, true]);
    simulation.clock.nowMs += 1;
    expect([await readable(now), await readable(later)]).toEqual([false, true]);
    simulation.clock.nowMs += dueMs;
    expect(await readable(later)).toBe(false);
  });

  it('queues emails at once that are due within the broker’s horizon, and leaves the others to the schedule', async () => {
    const simulation = createSimulation();
    const at = (aheadMs: number) => ({ scheduled_at: new Date(simulation.clock.nowMs + aheadMs).toISOString() });
    const [, near] = await accept(simulation, [at(-30_000), at(840_000), at(840_001)]);
    const jobs = simulation.backend.waiting().map(({ job }) => job);
    expect(jobs).toHaveLength(2);
    expect(jobs[0]).not.toHaveProperty('dueAtMs');
    expect(jobs[1]).toMatchObject({ args: { id: near }, dueAtMs: simulation.clock.nowMs + 840_000 });
    const due = await simulation.backend.table.query({
      index: 'due',
      partition: 'email',
      limit: 10,
      order: 'ascending',
    });
    const minutesAhead = due.map(({ sort }) => (Number(sort.split('#')[0]) - simulation.clock.nowMs) / 60_000);
    // The later one is examined 14 minutes before its time, the earlier one, which is queued, 15 minutes after its time.
    expect(minutesAhead).toEqual([expect.closeTo(0, 3), 29]);
  });
});

describe('when a part fails during the submission', () => {
  const parts = ['table', 'bodies', 'broker'] as const;
  const failing = (simulation: Simulation, which: readonly string[], effect: 'before' | 'after'): Backend => {
    const { backend } = simulation;
    const guard =
      <Args extends unknown[], Result>(part: string, call: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        if (!which.includes(part)) return call(...args);
        // To the caller a lost answer looks the same as a call that was never made.
        if (effect === 'after') await call(...args);
        throw unavailable(`${part} is down`);
      };
    const guarded = {
      table: { ...backend.table, insert: guard('table', backend.table.insert) as typeof backend.table.insert },
      bodies: { ...backend.bodies, put: guard('bodies', backend.bodies.put) },
      broker: { send: guard('broker', backend.broker.send) },
    };
    return { ...backend, submit: (submissions) => submitInParallel(guarded, submissions) };
  };
  const combinations = [1, 2, 3, 4, 5, 6, 7].map((bits) => parts.filter((_, index) => bits & (1 << index)));
  const cases = combinations.flatMap((which) =>
    (['before', 'after'] as const).map((effect) => [which, effect] as const),
  );

  it.each(cases)(
    '%j, %s the call took effect: without a key nothing is sent, and the repeated request sends one email',
    async (which, effect) => {
      const simulation = createSimulation();
      const request = accept(simulation, [{}, {}], {}, failing(simulation, which, effect));
      await expect(request).rejects.toMatchObject({ status: 503, code: 'service_unavailable', retryable: true });
      expect(await list(simulation)).toEqual([]);
      await simulation.runUntilQuiet();
      expect(simulation.sent).toEqual([]);
      expect(simulation.deadLetters).toEqual([]);
      await accept(simulation, [{}, {}]);
      await simulation.runUntilQuiet();
      expect(simulation.sent).toHaveLength(2);
    },
  );

  it.each(cases)(
    '%j, %s the call took effect: with a key the repeated request completes it, and one email is sent',
    async (which, effect) => {
      for (const workerIsFaster of [false, true]) {
        const simulation = createSimulation();
        const idempotencyKey = 'k';
        const request = accept(simulation, [{}], { idempotencyKey }, failing(simulation, which, effect));
        await expect(request).rejects.toMatchObject({ status: 503, retryable: true });
        if (workerIsFaster) await simulation.work(await simulation.backend.receive());
        const [id = ''] = await accept(simulation, [{}], { idempotencyKey });
        expect(await bodyOf(simulation, id)).toMatchObject({ text: 'Hello, B.' });
        await simulation.runUntilQuiet();
        expect(simulation.sent).toHaveLength(1);
        expect((await simulation.record(id)).status).toBe('sent');
        expect(simulation.deadLetters).toEqual([]);
      }
    },
  );

  it('rejects with the first error when the rollback fails as well', async () => {
    const simulation = createSimulation();
    const { backend } = simulation;
    const down = () => Promise.reject(unavailable('DynamoDB is down'));
    const broken = {
      table: { ...backend.table, delete: down },
      bodies: backend.bodies,
      broker: { send: () => Promise.reject(unavailable('SQS is down')) },
    };
    const whole: Backend = { ...backend, submit: (submissions) => submitInParallel(broken, submissions) };
    await expect(accept(simulation, [{}], {}, whole)).rejects.toThrow('SQS is down');
  });

  it('does not roll back a record that another request with its key was answered', async () => {
    const simulation = createSimulation();
    const [id = ''] = await accept(simulation, [{}], { idempotencyKey: 'k' });
    const again = accept(simulation, [{}], { idempotencyKey: 'k' }, failing(simulation, ['broker'], 'before'));
    await expect(again).rejects.toMatchObject({ status: 503 });
    await simulation.runUntilQuiet();
    expect(await simulation.backend.table.get<EmailRecord>(recordKey(id))).toMatchObject({ status: 'sent' });
  });
});
