import { availableParallelism } from 'node:os';

/** One function's claim on child processes. */
export type Tenant = {
  /** Invocations that wait and have no instance starting for them. */
  unserved: () => number;
  /** Instances, starting ones included. */
  instances: () => number;
  start: () => void;
  /** Ends the instance that was idle longest, if that is at least so long; false when there is none. */
  evictIdle: (idleMs: number) => boolean;
};

/** Shares a bounded number of child processes among all functions: a laptop has no thousand sandboxes. */
export type Sandboxes = {
  join: (tenant: Tenant) => void;
  /** Something changed: starts instances for waiting functions, up to the limit. */
  balance: () => void;
  /** An instance has started, or failed to. */
  started: () => void;
  /** An instance is gone. */
  released: () => void;
};

/** An instance that was busy a moment ago will be needed in a moment: taking it would only move the cold starts around. */
const evictableAfterMs = 10_000;

/**
 * At `limit` processes a waiting function takes the place of another one's idle instance, or waits. No more instances
 * start at once than there are cores: they would only slow each other down, and meanwhile warm ones become free.
 */
export function createSandboxes(limit: number, startsAtOnce = availableParallelism()): Sandboxes {
  const tenants: Tenant[] = [];
  let running = 0;
  let starting = 0;
  const hasRoomFor = (tenant: Tenant): boolean => {
    if (running < limit) return true;
    const idleMs = tenant.instances() === 0 ? 0 : evictableAfterMs;
    return tenants.some((other) => other !== tenant && other.unserved() <= 0 && other.evictIdle(idleMs));
  };
  const startFor = (tenant: Tenant): boolean => {
    if (starting >= startsAtOnce || tenant.unserved() <= 0 || !hasRoomFor(tenant)) return false;
    running += 1;
    starting += 1;
    tenant.start();
    return true;
  };
  let isBalancing = false;
  const balance = () => {
    // An eviction calls this again; the running call sees the released place.
    if (isBalancing) return;
    isBalancing = true;
    // In turns, the one with the fewest instances first: a busy function must not starve another one's first instance.
    while ([...tenants].sort((a, b) => a.instances() - b.instances()).some(startFor));
    isBalancing = false;
  };
  return {
    join: (tenant) => void tenants.push(tenant),
    balance,
    started: () => {
      starting -= 1;
      balance();
    },
    released: () => {
      running -= 1;
      balance();
    },
  };
}
