import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { addRecipients } from '../../../../../functions/core/broadcast/recipients.ts';
import {
  type BroadcastSimulation,
  createBroadcastSimulation,
  type SimulationOptions,
} from '../../../../helpers/broadcast-simulation.ts';

const CONTACTS = 8;

/** Sends to a segment in chunks of five and three recipients, or to a list of two pieces that share an address. */
async function run(kind: 'segment' | 'list', options: SimulationOptions = {}) {
  const simulation = createBroadcastSimulation({ ratePerSecond: 0.3, workers: 1, ...options });
  const id = kind === 'segment' ? await toSegment(simulation) : await toList(simulation);
  await simulation.send(id);
  await simulation.runUntil(id);
  const ended = await simulation.counts(id);
  // Until its emails are counted again.
  await simulation.time.runUntil(simulation.time.now() + 2 * 3_600_000);
  simulation.close();
  return { simulation, id, ended };
}

const toSegment = async (simulation: BroadcastSimulation) =>
  simulation.create({ segmentId: (await simulation.segment(CONTACTS)).id });

async function toList(simulation: BroadcastSimulation) {
  const id = await simulation.create({ listed: true });
  const piece = (first: number, end: number) =>
    Array.from({ length: end - first }, (_, index) => ({ email: `${first + index}@example.com` }));
  await addRecipients(id, { offset: 0, recipients: piece(0, 5) }, simulation.dependencies);
  await addRecipients(id, { offset: 5, recipients: piece(4, CONTACTS) }, simulation.dependencies);
  return id;
}

describe('a broadcast whose worker is killed', () => {
  it.each(['segment', 'list'] as const)('at any call of a port is sent to everybody once: %s', async (kind) => {
    const whole = await run(kind);
    const repeated = kind === 'list' ? 1 : 0;
    const counts = { sent: CONTACTS, skipped: repeated, recipientsDone: CONTACTS + repeated, chunksDone: 2 };
    expect(whole.simulation.summary(CONTACTS)).toEqual({ sent: CONTACTS, lost: 0, twice: 0 });
    expect(whole.ended).toMatchObject(counts);
    const { calls } = whole.simulation;
    expect(calls.length).toBeGreaterThan(60);
    const wrong: string[] = [];
    for (let at = 1; at <= calls.length; at++)
      for (const when of ['before', 'after'] as const) {
        const { simulation, id } = await run(kind, { crash: { at, when } });
        const { status } = (await simulation.broadcast(id)) ?? {};
        const { sent, skipped, recipientsDone, chunksDone } = await simulation.counts(id);
        const counted = { sent, skipped, recipientsDone, chunksDone };
        const outcome = { ...simulation.summary(CONTACTS), status, ...counted };
        const wanted = { lost: 0, twice: 0, status: 'sent', ...counts };
        if (!isDeepStrictEqual(outcome, wanted))
          wrong.push(`${when} ${at} ${calls[at - 1]}: ${JSON.stringify(outcome)}`);
        expect(simulation.killed()).toBe(1);
      }
    console.info(`${kind}: killed at each of ${calls.length} calls, before and after it`);
    expect(wrong).toEqual([]);
  });
});
