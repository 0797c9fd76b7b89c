import { createPacer } from '../../functions/core/pacing/pacer.ts';
import { createSending } from '../../functions/core/pacing/sending-state.ts';
import { createSlotClock } from '../../functions/core/pacing/slot-clock.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import { createSendLimits } from '../../lib/local/cloud/ses/rate.ts';
import { createMemoryBackend } from '../helpers/memory-backend.ts';
import { randomFrom } from '../helpers/random-text.ts';
import { createSimulatedTime, type SimulatedTime } from '../helpers/simulated-time.ts';
import { emptyTally, inFlightOf, type Result, resultOf, type Sender, sendBulk, sendTransactional } from './senders.ts';

export interface Scenario {
  readonly senders: number;
  readonly ratePerSecond: number;
  readonly seconds: number;
  /** What SES lets through at once after a rest; by default a second's worth. */
  readonly burst?: number;
  /** The clocks of the senders differ by up to this, either way. Default 20 ms. */
  readonly skewMs?: number;
  /** Recipients of each bulk email, from 1 to this. Default 1. */
  readonly mostRecipients?: number;
  /** All bulk senders stand still for 3 s in the middle, as frozen functions do. */
  readonly freezes?: boolean;
  /** Timers of the senders fire so much later, from half of it: they have too little CPU. Default 0. */
  readonly lagMs?: number;
  /** Somebody else sends in the same account, so many recipients a second. */
  readonly othersPerSecond?: number;
}

const START_MS = Date.parse('2026-11-21T12:00:00Z');
/** The first moments are not measured. */
const WARM_UP_MS = 2_000;
const TABLE_MS = [3, 12] as const;
const SES_MS = [50, 150] as const;
const PREPARE_MS = [10, 40] as const;

/** Bulk senders with a backlog and one transactional email a second beside them, in simulated time. */
export async function simulate(scenario: Scenario): Promise<Result & { readonly tableWrites: number }> {
  const {
    senders,
    ratePerSecond,
    seconds,
    burst,
    skewMs = 20,
    mostRecipients = 1,
    lagMs = 0,
    othersPerSecond,
  } = scenario;
  const time = createSimulatedTime({ startMs: START_MS });
  const random = randomFrom(11);
  const between = ([least, most]: readonly [number, number]) => least + random() * (most - least);
  const limits = createSendLimits(time.now);
  limits.set({ ratePerSecond, burst });
  const { table, writes } = slowTable(time, () => between(TABLE_MS));
  const account = { quota: async () => ({ ratePerSecond, max24Hours: -1, sent24Hours: 0 }) };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const untilMs = START_MS + WARM_UP_MS + seconds * 1_000;
  const frozen = () =>
    scenario.freezes && time.now() > START_MS + seconds * 500 && time.now() < START_MS + seconds * 500 + 3_000;

  const createSender = (freezes: boolean): Sender => {
    const skew = (2 * random() - 1) * skewMs;
    const now = () => time.now() + skew;
    const wait = async (ms: number) => {
      await time.wait(ms + lagMs * (0.5 + random() / 2));
      if (freezes && frozen()) await time.wait(3_000);
    };
    const sending = createSending({ table, account, now, random, log });
    return {
      pacer: createPacer({ clock: createSlotClock(table, 'email', now), rate: sending.rate, now, random, wait }),
      now,
      wait,
      prepare: () => wait(between(PREPARE_MS)),
      send: async (recipients) => {
        const ms = between(SES_MS);
        await time.wait(ms / 2);
        const taken = takes(limits, recipients);
        await time.wait(ms / 2);
        return taken;
      },
    };
  };

  const tally = emptyTally();
  const recipients = () => 1 + Math.floor(random() * mostRecipients);
  const work = Promise.all([
    ...Array.from({ length: senders }, () =>
      sendBulk(createSender(true), { inFlight: inFlightOf(ratePerSecond, senders), untilMs, recipients }, tally),
    ),
    sendTransactional([createSender(false), createSender(false)], { everyMs: 1_000, untilMs }, tally),
    ...(othersPerSecond ? [sendElsewhere(time, limits, othersPerSecond, untilMs)] : []),
  ]);
  await time.run(work);
  return { ...resultOf(tally, ratePerSecond, START_MS + WARM_UP_MS, untilMs), tableWrites: writes() };
}

function takes(limits: ReturnType<typeof createSendLimits>, recipients: number): boolean {
  try {
    limits.take(recipients);
    return true;
  } catch {
    return false;
  }
}

async function sendElsewhere(
  time: SimulatedTime,
  limits: ReturnType<typeof createSendLimits>,
  perSecond: number,
  untilMs: number,
): Promise<void> {
  for (; time.now() < untilMs; await time.wait(1_000 / perSecond)) takes(limits, 1);
}

/** A table whose calls take effect in the middle of their time. */
function slowTable(time: SimulatedTime, latencyMs: () => number): { table: Table; writes: () => number } {
  const { table } = createMemoryBackend({ now: time.now });
  let writes = 0;
  const slow = new Proxy(table, {
    get: (target, property, receiver) => {
      const method = Reflect.get(target, property, receiver);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        if (property === 'update' || property === 'insert') writes++;
        const ms = latencyMs();
        await time.wait(ms / 2);
        const result = await method.apply(target, args);
        await time.wait(ms / 2);
        return result;
      };
    },
  });
  return { table: slow, writes: () => writes };
}
