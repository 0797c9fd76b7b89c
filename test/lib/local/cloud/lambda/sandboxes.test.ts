import { describe, expect, it } from 'vitest';
import { createSandboxes, type Sandboxes } from '../../../../../lib/local/cloud/lambda/sandboxes.ts';

/** A function without processes: only counts. */
function tenantOf(sandboxes: Sandboxes) {
  const tenant = {
    waiting: 0,
    running: 0,
    idleSinceMs: undefined as number | undefined,
    unserved: () => tenant.waiting - tenant.running,
    instances: () => tenant.running,
    start: () => {
      tenant.running += 1;
    },
    evictIdle: (idleMs: number) => {
      if (tenant.idleSinceMs === undefined || tenant.idleSinceMs < idleMs) return false;
      tenant.idleSinceMs = undefined;
      tenant.running -= 1;
      sandboxes.released();
      return true;
    },
  };
  sandboxes.join(tenant);
  return tenant;
}

describe('sandboxes', () => {
  it('start no more at once than there are cores, and the next when one has started', () => {
    const sandboxes = createSandboxes(10, 2);
    const tenant = tenantOf(sandboxes);
    tenant.waiting = 3;
    sandboxes.balance();
    expect(tenant.running).toBe(2);
    sandboxes.started();
    expect(tenant.running).toBe(3);
  });

  it('never exceed their limit', () => {
    const sandboxes = createSandboxes(2, 10);
    const tenant = tenantOf(sandboxes);
    tenant.waiting = 5;
    sandboxes.balance();
    expect(tenant.running).toBe(2);
  });

  it('start the first instance of a function in place of an idle one of another', () => {
    const sandboxes = createSandboxes(1, 10);
    const [busy, starved] = [tenantOf(sandboxes), tenantOf(sandboxes)];
    busy.waiting = 1;
    sandboxes.balance();
    busy.waiting = 0;
    busy.idleSinceMs = 0;
    starved.waiting = 1;
    sandboxes.balance();
    expect([busy.running, starved.running]).toEqual([0, 1]);
  });

  it('start a second instance only in place of one that was idle for long', () => {
    const sandboxes = createSandboxes(2, 10);
    const [first, second] = [tenantOf(sandboxes), tenantOf(sandboxes)];
    first.waiting = 1;
    second.waiting = 1;
    sandboxes.balance();
    first.waiting = 0;
    first.idleSinceMs = 1_000;
    second.waiting = 2;
    sandboxes.balance();
    expect(second.running).toBe(1);
    first.idleSinceMs = 60_000;
    sandboxes.balance();
    expect(second.running).toBe(2);
  });
});
