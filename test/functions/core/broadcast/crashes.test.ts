import { describe, expect, it } from 'vitest';
import { createBroadcastSimulation, type SimulationOptions } from '../../../helpers/broadcast-simulation.ts';

const CONTACTS = 8;

/** A whole broadcast in chunks of five and three recipients; until its emails are counted again. */
async function run(options: SimulationOptions) {
  const simulation = createBroadcastSimulation({ ratePerSecond: 0.3, workers: 1, ...options });
  const segment = await simulation.segment(CONTACTS);
  const id = await simulation.create({ segmentId: segment.id });
  await simulation.send(id);
  await simulation.runUntil(id);
  const ended = await simulation.counts(id);
  await simulation.time.runUntil(simulation.time.now() + 2 * 3_600_000);
  simulation.close();
  return { simulation, id, ended };
}

describe('a broadcast whose worker is killed', () => {
  it('at any call of the table, the queue or the provider is sent to everybody, and to nobody twice', async () => {
    const whole = await run({});
    expect(whole.simulation.summary(CONTACTS)).toEqual({ sent: CONTACTS, lost: 0, twice: 0 });
    expect(whole.ended).toMatchObject({ sent: CONTACTS, recipientsDone: CONTACTS, chunksDone: 2 });
    const { calls } = whole.simulation;
    expect(calls.length).toBeGreaterThan(60);
    const outcomes = new Map<string, string[]>();
    for (let at = 1; at <= calls.length; at++)
      for (const when of ['before', 'after'] as const) {
        const { simulation, id } = await run({ crash: { at, when } });
        const { status, total } = (await simulation.broadcast(id)) ?? {};
        const { sent, chunksDone, recipientsDone } = await simulation.counts(id);
        const outcome = {
          ...simulation.summary(CONTACTS),
          status,
          total,
          counted: [sent, chunksDone, recipientsDone].join(),
        };
        const kinds = outcomes.get(JSON.stringify(outcome)) ?? [];
        outcomes.set(JSON.stringify(outcome), [...kinds, `${when} ${at} ${calls[at - 1]}`]);
      }
    const counted = [CONTACTS, 2, CONTACTS].join();
    const wanted = { sent: CONTACTS, lost: 0, twice: 0, status: 'sent', total: CONTACTS, counted };
    console.info(`killed at each of ${calls.length} calls, before and after it`);
    outcomes.delete(JSON.stringify(wanted));
    expect(Object.fromEntries(outcomes)).toEqual({});
  });
});
