/** One function's claim on child processes. */
export type Tenant = {
  /** Invocations that wait and have no instance starting for them. */
  unserved: () => number;
  start: () => void;
  /** Ends the instance that was idle longest; false when none is idle. */
  evictIdle: () => boolean;
};

/** Shares a bounded number of child processes among all functions: a laptop has no thousand sandboxes. */
export type Sandboxes = {
  join: (tenant: Tenant) => void;
  /** Something changed: starts instances for those who wait, as far as there is room. */
  balance: () => void;
  /** An instance is gone. */
  released: () => void;
};

/** At `limit` processes a waiting function takes the place of another one's idle instance; when all are busy it waits. */
export function createSandboxes(limit: number): Sandboxes {
  const tenants: Tenant[] = [];
  let running = 0;
  const startFor = (tenant: Tenant): boolean => {
    const hasRoom =
      running < limit || tenants.some((other) => other !== tenant && other.unserved() === 0 && other.evictIdle());
    if (!hasRoom) return false;
    running += 1;
    tenant.start();
    return true;
  };
  const balance = () => {
    for (const tenant of tenants) {
      while (tenant.unserved() > 0 && startFor(tenant));
    }
  };
  return {
    join: (tenant) => void tenants.push(tenant),
    balance,
    released: () => {
      running -= 1;
    },
  };
}
