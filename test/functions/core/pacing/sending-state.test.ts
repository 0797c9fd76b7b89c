import { describe, expect, it } from 'vitest';
import {
  createSending,
  holdCause,
  SCHEDULE_STOPPED_MS,
  SENDING_KEY,
  type Sending,
  type SendingDependencies,
  type SendingState,
} from '../../../../functions/core/pacing/sending-state.ts';
import type { Document } from '../../../../functions/core/ports/table.ts';
import { Postponed } from '../../../../functions/core/task/task.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function setUp() {
  const clock = { nowMs: Date.parse('2026-11-21T12:00:00Z') };
  const now = () => clock.nowMs;
  const { table } = createMemoryBackend({ now });
  const quota = { ratePerSecond: 14, max24Hours: 50_000, sent24Hours: 0 };
  const asked = { count: 0, fails: false };
  const logged: string[] = [];
  const log = { info: logIn('info'), warn: logIn('warn'), error: logIn('error') };
  function logIn(level: string) {
    return (message: string) => void logged.push(`${level}: ${message}`);
  }
  const account: SendingDependencies['account'] = {
    quota: async () => {
      asked.count++;
      if (asked.fails) throw new Error('throttled');
      return { ...quota };
    },
  };
  const worker = (options: Partial<SendingDependencies> = {}): Sending =>
    createSending({ table, account, now, random: () => 0.5, log, ...options });
  const state = async () => {
    const document = await table.get<SendingState & Document>(SENDING_KEY);
    if (!document) throw new Error('there is no state');
    return document;
  };
  return { clock, table, quota, asked, logged, worker, state };
}

/** The Postponed that a call rejects with. */
async function postponed(call: Promise<unknown>): Promise<Postponed> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Postponed)) throw new Error('it was not postponed', { cause: error });
  return error;
}

describe('the rate', () => {
  it('is that of the provider, or the option if that is less', async () => {
    const { worker } = setUp();
    expect(await worker().rate('bulk')).toBe(14);
    expect(await worker({ maxRatePerSecond: 5 }).rate('bulk')).toBe(5);
    expect(await worker({ maxRatePerSecond: 100 }).rate('bulk')).toBe(14);
  });

  it('is asked for by the first worker of a new stack, and then by the schedule, once a minute', async () => {
    const { clock, worker, asked } = setUp();
    const workers = Array.from({ length: 3 }, () => worker({ staleMs: SCHEDULE_STOPPED_MS }));
    for (const one of workers) await one.rate('transactional');
    expect(asked.count).toBe(1);
    for (let minute = 1; minute <= 10; minute++) {
      clock.nowMs += MINUTE_MS;
      await worker().refresh();
      for (const one of workers) await one.rate('transactional');
    }
    expect(asked.count).toBe(11);
  });

  it('is asked for by a worker when the schedule has stopped, and where there is none, once a minute', async () => {
    for (const [staleMs, count] of [
      [SCHEDULE_STOPPED_MS, 3],
      [undefined, 9],
    ] as const) {
      const { clock, worker, asked } = setUp();
      const own = worker(staleMs === undefined ? {} : { staleMs });
      for (let seconds = 0; seconds < 9 * 60; seconds++) {
        await own.rate('bulk');
        clock.nowMs += 1_000;
      }
      expect(asked.count).toBe(count);
    }
  });

  it('is known to workers within 30 s', async () => {
    const { clock, worker, quota } = setUp();
    const own = worker();
    await own.rate('bulk');
    quota.ratePerSecond = 200;
    clock.nowMs += MINUTE_MS;
    const known = worker();
    await known.refresh();
    clock.nowMs += 30_000;
    expect(await own.rate('bulk')).toBe(200);
  });

  it('stays what it was when the provider does not answer, and is 1 a second when nobody knows it', async () => {
    const { clock, worker, asked, logged } = setUp();
    asked.fails = true;
    expect(await worker().rate('bulk')).toBe(1);
    expect(logged).toEqual(['warn: the sending quota could not be read']);
    asked.fails = false;
    const own = worker();
    expect(await own.rate('bulk')).toBe(14);
    asked.fails = true;
    clock.nowMs += HOUR_MS;
    expect(await own.rate('transactional')).toBe(14);
    expect(await worker().rate('transactional')).toBe(14);
    await expect(worker().refresh()).rejects.toThrow('throttled');
  });
});

describe('the quota of 24 hours', () => {
  it.each([
    [47_499, undefined],
    [47_500, 'quota'],
    [60_000, 'quota'],
  ] as const)('at %i of 50,000 holds bulk: %s; transactional goes on', (sent24Hours, cause) => {
    const state = { readAtMs: 1_000, ratePerSecond: 14, max24Hours: 50_000, sent24Hours };
    expect(holdCause(state, 'bulk', 1_000)).toBe(cause);
    expect(holdCause(state, 'transactional', 1_000)).toBeUndefined();
    expect(holdCause({ ...state, held: 'paused' }, 'transactional', 1_000)).toBe('paused');
    expect(holdCause({ ...state, max24Hours: -1 }, 'bulk', 1_000)).toBeUndefined();
  });

  it('of the sandbox is not used up by bulk before it is read again', () => {
    const state = { readAtMs: 0, ratePerSecond: 1, max24Hours: 200, sent24Hours: 150 };
    expect(holdCause(state, 'bulk', 39_000)).toBeUndefined();
    expect(holdCause(state, 'bulk', 40_000)).toBe('quota');
  });

  it('makes a bulk job wait for long, and tells why', async () => {
    const { worker, quota } = setUp();
    quota.sent24Hours = 49_000;
    const { message, delaySeconds } = await postponed(worker().rate('bulk'));
    expect(message).toContain('daily sending quota');
    // Half of it is random; then up to the next minute, at which others wait, too.
    expect(delaySeconds).toBe(660);
    expect(await worker().rate('transactional')).toBe(14);
  });

  it('holds all queues when the provider says that it is used up, until a refresh shows room', async () => {
    const { clock, worker, quota, state } = setUp();
    const own = worker();
    await own.rate('transactional');
    quota.sent24Hours = 50_000;
    expect((await own.hold('quota', 'used up')).message).toBe('used up');
    expect(await state()).toMatchObject({ held: 'quota', heldReason: 'used up', heldSinceMs: clock.nowMs });
    expect((await postponed(own.rate('transactional'))).message).toBe('used up');
    clock.nowMs += MINUTE_MS - 1;
    await worker().refresh();
    expect((await state()).held).toBe('quota');
    clock.nowMs += MINUTE_MS;
    quota.sent24Hours = 40_000;
    await worker().refresh();
    expect(await state()).toEqual({
      readAtMs: clock.nowMs,
      ratePerSecond: 14,
      max24Hours: 50_000,
      sent24Hours: 40_000,
    });
    expect(await own.rate('bulk')).toBe(14);
  });
});

describe('a pause', () => {
  const paused = async () => {
    const setting = setUp();
    const own = setting.worker();
    await own.rate('bulk');
    await own.hold('paused', 'under review');
    return { ...setting, own };
  };

  it('is noted once, with its beginning, by whoever meets it first', async () => {
    const { clock, worker, own, state, logged } = await paused();
    const sinceMs = clock.nowMs;
    clock.nowMs += 1_000;
    await Promise.all([own, worker(), worker()].map((one) => one.hold('paused', 'again')));
    expect(await state()).toMatchObject({ held: 'paused', heldSinceMs: sinceMs, heldReason: 'under review' });
    expect(logged).toEqual(['warn: nothing is sent for now']);
  });

  it('makes jobs wait as long as it has lasted, from one minute to fifteen', async () => {
    const { clock, worker, table } = await paused();
    const waits: number[] = [];
    for (const afterMs of [0, 0, 5 * MINUTE_MS, 5 * MINUTE_MS, HOUR_MS]) {
      clock.nowMs += afterMs;
      await table.update(SENDING_KEY, { set: { probeAtMs: clock.nowMs + 1 } });
      waits.push((await postponed(worker().rate('bulk'))).delaySeconds);
    }
    expect(waits).toEqual([60, 60, 240, 480, 660]);
  });

  it('lets exactly one worker try one email a minute', async () => {
    const { clock, worker } = await paused();
    const workers = Array.from({ length: 20 }, () => worker());
    const tries = async () => {
      const outcomes = await Promise.allSettled(workers.map((one) => one.rate('bulk')));
      return outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    };
    expect(await tries()).toEqual([]);
    clock.nowMs += MINUTE_MS;
    // At a pace at which an email shares its reservation with no other.
    expect(await tries()).toEqual([1]);
    expect(await tries()).toEqual([]);
    clock.nowMs += MINUTE_MS;
    expect(await tries()).toEqual([1]);
  });

  it('ends when an email was taken; others know within 30 s', async () => {
    const { clock, worker, own, state } = await paused();
    const other = worker();
    await postponed(other.rate('bulk'));
    clock.nowMs += MINUTE_MS;
    expect(await own.rate('bulk')).toBe(1);
    await own.sent();
    expect((await state()).held).toBeUndefined();
    expect(await own.rate('bulk')).toBe(14);
    clock.nowMs += 30_000;
    expect(await other.rate('bulk')).toBe(14);
  });

  it('is seen to be over by a worker that wanted to try', async () => {
    const { clock, worker, own } = await paused();
    const other = worker();
    await postponed(other.rate('bulk'));
    clock.nowMs += 29_000;
    await own.rate('bulk').catch(() => {});
    clock.nowMs += 31_000;
    await other.rate('bulk').catch(() => {});
    await own.sent();
    expect(await own.rate('bulk')).toBe(14);
  });

  it('does not end by a refresh: quotas tell nothing about it', async () => {
    const { clock, worker, state } = await paused();
    clock.nowMs += HOUR_MS;
    await worker().refresh();
    expect((await state()).held).toBe('paused');
  });
});

it('a send costs no request while nothing is held', async () => {
  const { worker, table } = setUp();
  let writes = 0;
  const counting = {
    ...table,
    update: (...change: Parameters<typeof table.update>) => {
      writes++;
      return table.update(...change);
    },
  } as typeof table;
  const own = worker({ table: counting });
  await own.rate('bulk');
  await own.sent();
  expect(writes).toBe(0);
});

it('nothing is worth taking while nothing is sent, but for one email when it is time to probe', async () => {
  const { clock, quota, worker } = setUp();
  const one = worker();
  expect(one.mostToTake('transactional')).toBe(Number.POSITIVE_INFINITY);
  await one.rate('transactional');
  await one.hold('paused', 'paused');
  expect([one.mostToTake('transactional'), one.mostToTake('bulk')]).toEqual([0, 0]);
  clock.nowMs += MINUTE_MS;
  expect([one.mostToTake('transactional'), one.mostToTake('bulk')]).toEqual([1, 1]);
  await one.rate('bulk');
  expect([one.mostToTake('transactional'), one.mostToTake('bulk')]).toEqual([0, 0]);
  await one.sent();
  expect(one.mostToTake('bulk')).toBe(Number.POSITIVE_INFINITY);
  await one.hold('quota', 'used up');
  clock.nowMs += HOUR_MS;
  expect(one.mostToTake('bulk')).toBe(0);
  quota.sent24Hours = 0;
  await one.look();
  expect(one.mostToTake('bulk')).toBe(Number.POSITIVE_INFINITY);
});

it('a look never rejects', async () => {
  const { asked, logged, worker } = setUp();
  asked.fails = true;
  await worker().look();
  expect(logged).toEqual([expect.stringMatching(/^warn/)]);
});
