import { createSlotClock, type SlotClock } from '../../pacing/slot-clock.ts';
import type { Table } from '../../ports/table.ts';
import type { RateLimit } from '../definition/manifest.ts';
import type { TaskLimits } from './limits.ts';
import { createPermits, type PermitDependencies, type Permits } from './permits.ts';

export interface LimitDependencies extends PermitDependencies {
  readonly table: Table;
}

/** A slot that is so near is waited for. */
const NEAR_MS = 2_000;
/** A waiting run comes back so long before its probable turn: it may be late, and no slot must be lost. */
const LEAD_MS = 1_000;
/** The line is at most so long; who does not find a place comes back in half of this time or more. */
const LINE_MS = 3_600_000;
/** How long runs of a task take about which nothing is known. */
const UNKNOWN_MEAN_MS = 1_000;

/** The limits of a deployment's tasks; one for a process. */
export function createTaskLimits(dependencies: LimitDependencies): TaskLimits {
  const limits = new Map<string, OneLimit>();
  return {
    take(task, attempt) {
      const limit = limits.get(task.name) ?? createOneLimit(task, dependencies);
      limits.set(task.name, limit);
      return limit.take(task, attempt.leaseUntilMs);
    },
  };
}

interface OneLimit {
  take(
    task: { readonly rateLimit?: RateLimit; readonly concurrency?: number },
    leaseUntilMs: number,
  ): ReturnType<TaskLimits['take']>;
}

function createOneLimit(
  { name, rateLimit: limited }: Parameters<TaskLimits['take']>[0],
  dependencies: LimitDependencies,
): OneLimit {
  const { table, now, random, wait } = dependencies;
  const slots = createSlotClock(table, `task:${name}`, now);
  const permits = createPermits(name, dependencies);
  // The first in line comes back when the slots that are reserved have nearly passed; for a permit, at once.
  const line = createLine(table, name, { now, random, firstMs: limited ? NEAR_MS - LEAD_MS : 0 });
  /** No slot begins before this time: what is reserved stays reserved. */
  let noSlotUntilMs = 0;
  const refused = async (perSecond: number) => ({ waitMs: await line.join(perSecond, noSlotUntilMs - LEAD_MS) });

  return {
    async take({ rateLimit, concurrency }, leaseUntilMs) {
      const perSecond = rateLimit && perSecondOf(rateLimit);
      if (perSecond !== undefined && noSlotUntilMs > now() + NEAR_MS) return refused(perSecond);
      const permit = concurrency === undefined ? undefined : await permits.take(concurrency, leaseUntilMs);
      if (concurrency !== undefined && !permit) return refused(returnsPerSecond(concurrency, permits));
      const free = permit ?? { release: async () => {} };
      if (perSecond === undefined) return free;
      try {
        const reservation = await slots.reserve(1, perSecond, NEAR_MS);
        if (reservation.startMs !== undefined) {
          const waitMs = reservation.startMs - now();
          if (waitMs > 0) await wait(waitMs);
          return free;
        }
        noSlotUntilMs = reservation.freeAtMs;
      } catch (error) {
        await free.release();
        throw error;
      }
      await free.release();
      return refused(perSecond);
    },
  };
}

/** The starts in a second that a rate limit allows. */
export function perSecondOf(limit: RateLimit): number {
  if ('perSecond' in limit) return limit.perSecond;
  return 'perMinute' in limit ? limit.perMinute / 60 : limit.perHour / 3_600;
}

/**
 * How many waiting runs come back in a second for a permit. Short runs wait for each other in the functions, so that a few more than are
 * needed are enough. Long ones do not: a free permit stays free until one comes back, which must be within a tenth of a run's length.
 */
function returnsPerSecond(concurrency: number, permits: Permits): number {
  const meanMs = permits.meanMs() ?? UNKNOWN_MEAN_MS;
  const most = meanMs < NEAR_MS ? 1.1 * concurrency : Math.max(10, 1.2 * concurrency);
  return (most * 1_000) / meanMs;
}

/** The runs that wait for a limit. */
interface Line {
  /** Joins the end of the line; answers after how many ms to come back, not before `leastMs` (epoch ms). */
  join(perSecond: number, leastMs: number): Promise<number>;
}

/**
 * Gives each waiting run a time to come back at which it probably has its turn. So a run waits once or a few times, however many wait:
 * if all came back every few seconds, 10,000 of them would turn over thousands of messages a second.
 */
function createLine(
  table: Table,
  name: string,
  { now, random, firstMs }: Pick<LimitDependencies, 'now' | 'random'> & { readonly firstMs: number },
): Line {
  const clock: SlotClock = createSlotClock(table, `task:${name}:line`, () => now() + firstMs, 2 * LINE_MS);
  let joining: {
    readonly perSecond: number;
    readonly leastMs: number;
    readonly resolve: (waitMs: number) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];

  /** Those of one moment share a write. */
  const serve = async () => {
    await Promise.resolve();
    const some = joining;
    joining = [];
    const perSecond = some[0]?.perSecond ?? 1;
    try {
      const reservation = await clock.reserve(some.length, perSecond, LINE_MS);
      for (const [place, { leastMs, resolve }] of some.entries())
        resolve(
          reservation.startMs === undefined
            ? LINE_MS * (0.5 + random() / 2)
            : Math.max(leastMs, reservation.startMs + (reservation.lengthMs * place) / some.length) - now(),
        );
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  };
  return {
    join: (perSecond, leastMs) =>
      new Promise((resolve, reject) => {
        joining.push({ perSecond, leastMs, resolve, reject });
        if (joining.length === 1) void serve();
      }),
  };
}
