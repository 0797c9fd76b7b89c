import type { Table } from '../../ports/table.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { Permit } from './limits.ts';

/** Fields `p<i>`: when the lease of a taken permit ends (epoch ms); a free one has none. */
type PermitDocument = {
  readonly [permit: `p${number}`]: number;
  /** How long runs hold a permit, lately. */
  readonly meanMs?: number;
};

export interface PermitDependencies {
  readonly table: Pick<Table, 'insert' | 'update'>;
  readonly now: () => number;
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
  readonly log: Logger;
}

/** The permits of a task, which all functions share. */
export interface Permits {
  /** Takes one of `concurrency` permits until `leaseUntilMs` (epoch ms); waits for one that is probably freed within 2 s. */
  take(concurrency: number, leaseUntilMs: number): Promise<Permit | undefined>;
  /** How long runs hold a permit, lately, as far as this process knows; undefined if it does not. */
  meanMs(): number | undefined;
}

/** A document of 100 permits has 2 KB. */
const DOCUMENT_PERMITS = 100;
/** Clocks differ by less: a lease of another machine that ended just now may still be held. */
const SKEW_MS = 2_000;
/** The longest wait for a permit, and the times between two looks. */
const LONGEST_WAIT_MS = 2_000;
const LEAST_LOOK_MS = 100;
const MOST_LOOK_MS = 500;
/** The weight of the latest run in the mean. */
const WEIGHT = 0.2;

interface Waiter {
  readonly leaseUntilMs: number;
  readonly untilMs: number;
  readonly resolve: (permit: Permit | undefined) => void;
}

/** The permits of one task as a process sees them: in the documents `run-permits#<task>`, `run-permits#<task>#1` … */
export function createPermits(task: string, dependencies: PermitDependencies): Permits {
  const { table, now, random, wait, log } = dependencies;
  const seen = new Map<number, PermitDocument>();
  let meanMs: number | undefined;
  let waiters: Waiter[] = [];
  const keyOf = (number: number) => `run-permits#${task}${number === 0 ? '' : `#${number}`}`;

  const see = (number: number, document: PermitDocument | undefined): PermitDocument => {
    const known = document ?? {};
    seen.set(number, known);
    meanMs = known.meanMs ?? meanMs;
    return known;
  };

  /** Takes one of the first `size` permits of a document. */
  const takeFrom = async (number: number, size: number, leaseUntilMs: number): Promise<Permit | undefined> => {
    for (;;) {
      const free = freeOf(seen.get(number) ?? {}, size, now());
      const permit = free[Math.floor(random() * free.length)];
      // The known permits may be old: without a look none would ever seem free again.
      const tried = permit ?? `p${Math.floor(random() * size)}`;
      const { applied, document } = await table.update<PermitDocument>(
        keyOf(number),
        { set: { [tried]: leaseUntilMs } },
        [{ [tried]: { exists: false } }, { [tried]: { below: now() - SKEW_MS } }],
      );
      if (!document) await table.insert({ key: keyOf(number), fields: {} });
      const known = see(number, document);
      if (applied) return held(number, tried, leaseUntilMs);
      if (document && freeOf(known, size, now()).length === 0) return undefined;
    }
  };

  const tryAll = async (concurrency: number, leaseUntilMs: number): Promise<Permit | undefined> => {
    const documents = Math.ceil(concurrency / DOCUMENT_PERMITS);
    const first = Math.floor(random() * documents);
    for (let step = 0; step < documents; step++) {
      const number = (first + step) % documents;
      const size = Math.min(DOCUMENT_PERMITS, concurrency - number * DOCUMENT_PERMITS);
      const permit = await takeFrom(number, size, leaseUntilMs);
      if (permit) return permit;
    }
    return undefined;
  };

  /** A permit that was taken: it is ours while its lease is the one that we wrote. */
  const held = (number: number, name: string, leaseUntilMs: number): Permit => {
    const takenAtMs = now();
    let mine = leaseUntilMs;
    const write = async (change: Parameters<typeof table.update>[1]): Promise<boolean> => {
      try {
        const { applied, document } = await table.update<PermitDocument>(keyOf(number), change, [{ [name]: mine }]);
        see(number, document);
        if (!applied) log.warn('the lease of a permit had ended', { task });
        return applied;
      } catch (error) {
        log.warn('a permit could not be written; it is free when its lease ends', { task, error });
        return false;
      }
    };
    return {
      renew: async (untilMs) => {
        if (await write({ set: { [name]: untilMs } })) mine = untilMs;
      },
      release: async () => {
        const heldMs = now() - takenAtMs;
        const mean = Math.max(1, meanMs === undefined ? heldMs : meanMs + WEIGHT * (heldMs - meanMs));
        const next = waiters.shift();
        if (!next) {
          await write({ remove: [name], set: { meanMs: mean } });
          return;
        }
        // Handed on to a run of this process in the same write.
        const applied = await write({ set: { [name]: next.leaseUntilMs, meanMs: mean } });
        next.resolve(applied ? held(number, name, next.leaseUntilMs) : undefined);
      },
    };
  };

  /** The first of those who wait looks for all of them. */
  const lookFor = async (concurrency: number): Promise<void> => {
    for (let found = false; waiters.length > 0; ) {
      // Where one was free there may be more.
      if (!found) await wait(Math.min(MOST_LOOK_MS, Math.max(LEAST_LOOK_MS, (meanMs ?? 0) / concurrency)));
      const [first] = waiters;
      if (!first) return;
      const permit = await tryAll(concurrency, first.leaseUntilMs);
      found = permit !== undefined;
      const next = permit && waiters.shift();
      if (next) next.resolve(permit);
      else await permit?.release();
      for (const { untilMs, resolve } of waiters) if (untilMs <= now()) resolve(undefined);
      waiters = waiters.filter(({ untilMs }) => untilMs > now());
    }
  };

  return {
    meanMs: () => meanMs,
    async take(concurrency, leaseUntilMs) {
      const permit = waiters.length > 0 ? undefined : await tryAll(concurrency, leaseUntilMs);
      if (permit || (meanMs ?? 0) / concurrency > LONGEST_WAIT_MS) return permit;
      return new Promise((resolve, reject) => {
        waiters.push({ leaseUntilMs, untilMs: now() + LONGEST_WAIT_MS, resolve });
        if (waiters.length > 1) return;
        lookFor(concurrency).catch((error: unknown) => {
          const others = waiters;
          waiters = [];
          reject(error);
          for (const { resolve } of others) resolve(undefined);
        });
      });
    },
  };
}

/** The permits that nobody holds. */
const freeOf = (document: PermitDocument, size: number, nowMs: number): `p${number}`[] =>
  Array.from({ length: size }, (_, index) => `p${index}` as const).filter(
    (name) => (document[name] ?? 0) < nowMs - SKEW_MS,
  );
