import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConsumerQueue, Exchange } from '../../../functions/adapters/redis/consumer.ts';
import { LEASE_MS } from '../../../functions/adapters/redis/times.ts';
import type { Delivery } from '../../../functions/core/ports/broker.ts';
import { type ConsumeResult, consume } from '../../../functions/runtime/consumer/consume.ts';

const MINUTE_MS = 60_000;
const FUNCTION_MS = 15 * MINUTE_MS;
const JOB_MS = 14 * MINUTE_MS;
/** As the function of the user's tasks has it: a job that is received just before still fits. */
const CLOSING_MS = JOB_MS + 20_000;

interface Consumed {
  readonly result: Promise<ConsumeResult>;
  readonly exchanges: { readonly atMs: number; readonly exchange: Exchange }[];
  /** When the place was given to another, ms from the start. */
  readonly handedOverAtMs: number[];
  readonly invoked: string[];
}

/** Consumes these jobs of 14 minutes; each becomes available so many ms after the start, and `waiting` more wait from the first minute on. */
function consumeLongJobs(availableAtMs: readonly number[], waiting: number): Consumed {
  const startMs = Date.now();
  const elapsed = () => Date.now() - startMs;
  const jobs = availableAtMs.map((atMs, index) => ({ atMs, id: String(index), received: false }));
  const [exchanges, handedOverAtMs, invoked]: [Consumed['exchanges'], number[], string[]] = [[], [], []];
  let left = jobs.length;
  const queue: ConsumerQueue = {
    enter: async () => 'entered',
    exchange: async (exchange) => {
      exchanges.push({ atMs: elapsed(), exchange });
      left -= exchange.done.length;
      const room = exchange.wanted.tasks ?? 0;
      const arrived = jobs.filter(({ atMs, received }) => !received && atMs <= elapsed()).slice(0, room);
      for (const job of arrived) job.received = true;
      const deliveries = arrived.map(({ id }): Delivery => ({ id, body: '{}', queue: 'tasks' }));
      const backlog = left + (elapsed() > MINUTE_MS / 2 ? waiting : 0);
      return { deliveries, dead: [], ...(exchange.countBacklog ? { backlog } : {}) };
    },
    leave: async () => (left + waiting === 0 ? 'left' : 0),
    reserve: async () => false,
    handOver: async () => void handedOverAtMs.push(elapsed()),
  };
  const result = consume({
    queue,
    work: async () => {
      await new Promise((resolve) => setTimeout(resolve, JOB_MS));
      return [];
    },
    invokeConsumer: async (replaces) => void invoked.push(replaces),
    startWatchdog: async () => {},
    newName: () => 'successor',
    now: Date.now,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    queues: ['tasks'],
    inFlight: () => 10,
    lookAtHolds: async () => {},
    flushMetrics: () => {},
    renewClaims: async () => {},
    isLimiting: () => true,
    closingMs: CLOSING_MS,
    deadlineMs: startMs + FUNCTION_MS,
  });
  return { result, exchanges, handedOverAtMs, invoked };
}

const closesAtMs = FUNCTION_MS - CLOSING_MS;

describe('a consumer of jobs that take 14 minutes', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives its place to a fresh invocation as soon as it closes and more jobs wait, and works on those in flight until they end', async () => {
    const { result, exchanges, handedOverAtMs, invoked } = consumeLongJobs([0, 1_000], 1);
    await vi.advanceTimersByTimeAsync(FUNCTION_MS);
    expect(await result).toEqual({ end: 'handed over', done: 2 });
    expect(invoked).toEqual(['successor']);
    const [atMs = 0, ...more] = handedOverAtMs;
    expect(more).toEqual([]);
    expect([atMs >= closesAtMs, atMs < closesAtMs + LEASE_MS]).toEqual([true, true]);
    const after = exchanges.filter((one) => one.atMs > atMs).map(({ exchange }) => exchange);
    expect(after.every(({ wanted }) => wanted.tasks === 0)).toBe(true);
    // Without a place it sends no heartbeat, which would take over deliveries of others.
    expect(after.some(({ heartbeat }) => heartbeat)).toBe(false);
  });

  it('renews the deliveries of its jobs for as long as they run, also after it gave its place away', async () => {
    const { result, exchanges } = consumeLongJobs([0], 1);
    await vi.advanceTimersByTimeAsync(FUNCTION_MS);
    expect(await result).toEqual({ end: 'handed over', done: 1 });
    const renewedAtMs = exchanges.filter(({ exchange }) => exchange.renewed.length > 0).map(({ atMs }) => atMs);
    const gaps = [0, ...renewedAtMs, JOB_MS].map((atMs, index, all) => (all[index + 1] ?? atMs) - atMs);
    expect(Math.max(...gaps)).toBeLessThan(LEASE_MS);
  });

  it('keeps its place while no other job waits, and leaves when its jobs have ended', async () => {
    const { result, handedOverAtMs, invoked } = consumeLongJobs([0], 0);
    await vi.advanceTimersByTimeAsync(FUNCTION_MS);
    expect(await result).toEqual({ end: 'nothing left', done: 1 });
    expect([handedOverAtMs, invoked]).toEqual([[], []]);
  });
});
