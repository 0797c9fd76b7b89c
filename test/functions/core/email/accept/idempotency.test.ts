import { describe, expect, it } from 'vitest';
import type { Backend } from '../../../../../functions/core/ports/backend.ts';
import { createSimulation } from '../../../../helpers/sending-simulation.ts';

import { accept, bodyOf, list } from './submitting.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const conflict = { name: 'SendoffError', code: 'invalid_idempotent_request', status: 409, retryable: false };

describe('an idempotency key', () => {
  it('makes one email of a repeated request, and answers the same id', async () => {
    const simulation = createSimulation();
    const once = await accept(simulation, [{}], { idempotencyKey: 'order-1' });
    expect(await accept(simulation, [{}], { idempotencyKey: 'order-1' })).toEqual(once);
    await simulation.runUntilQuiet();
    expect(await accept(simulation, [{}], { idempotencyKey: 'order-1' })).toEqual(once);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toHaveLength(1);
    expect(await list(simulation)).toHaveLength(1);
  });

  it('belongs to one API key, and differs from other keys', async () => {
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

  it('makes one email of twenty simultaneous requests', async () => {
    const simulation = createSimulation();
    const requests = Array.from({ length: 20 }, () => accept(simulation, [{}], { idempotencyKey: 'order-1' }));
    expect(new Set((await Promise.all(requests)).flat()).size).toBe(1);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toHaveLength(1);
    expect(simulation.deadLetters).toEqual([]);
  });

  it('with another payload answers 409, and the first payload is sent', async () => {
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

  it('sends the payload that was accepted when two requests race', async () => {
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
    // Again on several days in a row.
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

  it('is accepted once, in order', async () => {
    const simulation = createSimulation();
    const ids = await accept(simulation, batch, { idempotencyKey: 'k' });
    expect(new Set(ids).size).toBe(5);
    expect(await accept(simulation, batch, { idempotencyKey: 'k' })).toEqual(ids);
    await simulation.runUntilQuiet();
    expect(simulation.sent).toHaveLength(5);
  });

  it('stores no email of another batch, be it shorter, longer or changed only in its last entry', async () => {
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
