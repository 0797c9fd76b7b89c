import { describe, expect, it } from 'vitest';
import { submitInParallel } from '../../../../functions/adapters/aws/backend.ts';
import { bodyKey, unpackBody } from '../../../../functions/core/email/body.ts';
import { parseEmail } from '../../../../functions/core/email/email.ts';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { type SubmitRequest, submitEmails } from '../../../../functions/core/email/submit.ts';
import { unavailable } from '../../../../functions/core/errors.ts';
import { newId } from '../../../../functions/core/ids.ts';
import type { Backend } from '../../../../functions/core/ports/backend.ts';
import { createSimulation, plainEmail, type Simulation } from '../../../helpers/sending-simulation.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const conflict = { name: 'SendoffError', code: 'invalid_idempotent_request', status: 409, retryable: false };

const accept = async (
  simulation: Simulation,
  inputs: readonly Record<string, unknown>[],
  request: Partial<SubmitRequest> = {},
  backend: Backend = simulation.backend,
) => {
  const now = () => simulation.clock.nowMs;
  const whole = inputs.map((input) => ({ ...plainEmail, ...input }));
  const emails = await Promise.all(whole.map((input) => parseEmail(input, now())));
  const payload = JSON.stringify(whole);
  return submitEmails(
    { emails, payload, queue: 'transactional', keyId: 'key', ...request },
    { backend, now, newId, retentionMs: 30 * DAY_MS, metrics: simulation.metrics },
  );
};
const list = async ({ backend }: Simulation) =>
  (await backend.table.query({ index: 'list', partition: 'email', limit: 1_000, order: 'ascending' })).map(
    ({ key }) => key,
  );
const bodyOf = async ({ backend, record }: Simulation, id: string) => {
  const bytes = await backend.bodies.get(bodyKey(id, (await record(id)).fingerprint));
  return bytes && unpackBody(bytes);
};

describe('accepting', () => {
  it('makes record, body and job, and answers a new id each time', async () => {
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
      job: { task: 'email.send', args: { id: first, fingerprint }, attempt: 1 },
    });
  });

  it('answers the ids of a batch in its order, on the queue asked for', async () => {
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

  it('keeps records and bodies for as long as it is told after the email is due', async () => {
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

  it('queues at once what is due within the broker’s horizon, and leaves the rest to the schedule', async () => {
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
    // The far one is looked at 5 minutes before its time, the near one, whose job is queued, 15 minutes after.
    expect(minutesAhead).toEqual([expect.closeTo(9, 3), 29]);
  });
});

describe('an idempotency key', () => {
  it('makes one email of the same request, and answers the same id', async () => {
    const simulation = createSimulation();
    const once = await accept(simulation, [{}], { idempotencyKey: 'order-1' });
    expect(await accept(simulation, [{}], { idempotencyKey: 'order-1' })).toEqual(once);
    await simulation.runUntilQuiet();
    expect(await accept(simulation, [{}], { idempotencyKey: 'order-1' })).toEqual(once);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toHaveLength(1);
    expect(await list(simulation)).toHaveLength(1);
  });

  it('is of one API key, and one key is not another', async () => {
    const simulation = createSimulation();
    const ids = [
      await accept(simulation, [{}], { idempotencyKey: 'a' }),
      await accept(simulation, [{}], { idempotencyKey: 'b' }),
      await accept(simulation, [{}], { idempotencyKey: 'a', keyId: 'other' }),
      await accept(simulation, [{}], { idempotencyKey: 'b', keyId: 'key' }),
    ].flat();
    expect(new Set(ids).size).toBe(3);
    expect(ids[1]).toBe(ids[3]);
  });

  it('makes one email of twenty requests at once', async () => {
    const simulation = createSimulation();
    const requests = Array.from({ length: 20 }, () => accept(simulation, [{}], { idempotencyKey: 'order-1' }));
    expect(new Set((await Promise.all(requests)).flat()).size).toBe(1);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toHaveLength(1);
    expect(simulation.deadLetters).toEqual([]);
  });

  it('with another payload is a 409, and what is sent is the first payload', async () => {
    for (const beforeSending of [true, false]) {
      const simulation = createSimulation();
      const [id = ''] = await accept(simulation, [{ text: 'first' }], { idempotencyKey: 'order-1' });
      if (!beforeSending) await simulation.runUntilQuiet();
      const second = accept(simulation, [{ text: 'second', to: 'c@example.com' }], { idempotencyKey: 'order-1' });
      await expect(second).rejects.toMatchObject(conflict);
      expect(await bodyOf(simulation, id)).toMatchObject({ text: 'first' });
      await simulation.runUntilQuiet();
      expect(simulation.sent.map(({ raw, destinations }) => [raw.toString(), destinations])).toEqual([
        ['first', ['b@example.com']],
      ]);
      expect(await list(simulation)).toHaveLength(1);
      expect(simulation.deadLetters).toEqual([]);
    }
  });

  it('sends the payload that won when two race', async () => {
    const simulation = createSimulation();
    const texts = ['first', 'second', 'third', 'fourth'];
    const answers = await Promise.allSettled(
      texts.map((text) => accept(simulation, [{ text }], { idempotencyKey: 'k' })),
    );
    const won = answers.flatMap(({ status }, index) => (status === 'fulfilled' ? [texts[index]] : []));
    expect(won).toHaveLength(1);
    for (const answer of answers) if (answer.status === 'rejected') expect(answer.reason).toMatchObject(conflict);
    await simulation.runUntilQuiet();
    expect(simulation.sent.map(({ raw }) => raw.toString())).toEqual(won);
  });

  it('is kept for 24 hours, not a millisecond more', async () => {
    const simulation = createSimulation();
    const first = await accept(simulation, [{}], { idempotencyKey: 'k' });
    await simulation.runUntilQuiet();
    simulation.clock.nowMs += DAY_MS - (simulation.clock.nowMs - (await simulation.record(first[0] ?? '')).createdAtMs);
    expect(await accept(simulation, [{}], { idempotencyKey: 'k' })).toEqual(first);
    await expect(accept(simulation, [{ text: 'other' }], { idempotencyKey: 'k' })).rejects.toMatchObject(conflict);
    simulation.clock.nowMs += 1;
    const second = await accept(simulation, [{}], { idempotencyKey: 'k' });
    expect(second).not.toEqual(first);
    // And again, over a chain of days.
    expect(await accept(simulation, [{}], { idempotencyKey: 'k' })).toEqual(second);
    simulation.clock.nowMs += DAY_MS + 1;
    const third = await accept(simulation, [{ text: 'other' }], { idempotencyKey: 'k' });
    expect(new Set([...first, ...second, ...third]).size).toBe(3);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toHaveLength(3);
  });
});

describe('a batch under an idempotency key', () => {
  const batch = Array.from({ length: 5 }, (_, index) => ({ text: `text ${index}` }));

  it('is made once, in order', async () => {
    const simulation = createSimulation();
    const ids = await accept(simulation, batch, { idempotencyKey: 'k' });
    expect(new Set(ids).size).toBe(5);
    expect(await accept(simulation, batch, { idempotencyKey: 'k' })).toEqual(ids);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toHaveLength(5);
  });

  it('puts no email of another batch, shorter, longer or changed in its last entry alone', async () => {
    const others = [batch.slice(0, 4), [...batch, {}], [...batch.slice(0, 4), { text: 'other' }], batch.slice(0, 1)];
    for (const other of others) {
      const simulation = createSimulation();
      await accept(simulation, batch, { idempotencyKey: 'k' });
      await expect(accept(simulation, other, { idempotencyKey: 'k' })).rejects.toMatchObject(conflict);
      expect(await list(simulation)).toHaveLength(5);
      await simulation.runUntilQuiet();
      expect(simulation.sent.map(({ raw }) => raw.toString()).toSorted()).toEqual(batch.map(({ text }) => text));
    }
  });

  it('is completed by the same request after a crash between its first email and the rest', async () => {
    const simulation = createSimulation();
    let submits = 0;
    const dying: Backend = {
      ...simulation.backend,
      submit: (submissions) =>
        ++submits > 1 ? Promise.reject(new Error('crashed')) : simulation.backend.submit(submissions),
    };
    await expect(accept(simulation, batch, { idempotencyKey: 'k' }, dying)).rejects.toThrow('crashed');
    const ids = await accept(simulation, batch, { idempotencyKey: 'k' });
    expect(ids).toHaveLength(5);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toHaveLength(5);
  });

  it('answers all its ids when the key becomes 24 hours old between its two parts', async () => {
    const simulation = createSimulation();
    const ids = await accept(simulation, batch, { idempotencyKey: 'k' });
    simulation.clock.nowMs += DAY_MS;
    const ticking: Backend = {
      ...simulation.backend,
      submit: async (submissions) => {
        const outcomes = await simulation.backend.submit(submissions);
        simulation.clock.nowMs += 1;
        return outcomes;
      },
    };
    expect(await accept(simulation, batch, { idempotencyKey: 'k' }, ticking)).toEqual(ids);
  });
});

describe('when a part fails during the accept', () => {
  const parts = ['table', 'bodies', 'broker'] as const;
  const failing = (simulation: Simulation, which: readonly string[], effect: 'before' | 'after'): Backend => {
    const { backend } = simulation;
    const guard =
      <Args extends unknown[], Result>(part: string, call: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        if (!which.includes(part)) return call(...args);
        // An answer that is lost looks the same to the caller as a call that never came.
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
    '%j, %s the call took effect: without a key nothing is sent, and the next try sends one',
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
    '%j, %s the call took effect: with a key the next try makes it whole, and one email is sent',
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

  it('answers with what failed, though taking back fails as well', async () => {
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

  it('does not take back what another request with its key was answered', async () => {
    const simulation = createSimulation();
    const [id = ''] = await accept(simulation, [{}], { idempotencyKey: 'k' });
    const again = accept(simulation, [{}], { idempotencyKey: 'k' }, failing(simulation, ['broker'], 'before'));
    await expect(again).rejects.toMatchObject({ status: 503 });
    await simulation.runUntilQuiet();
    expect(await simulation.backend.table.get<EmailRecord>(recordKey(id))).toMatchObject({ status: 'sent' });
  });
});
