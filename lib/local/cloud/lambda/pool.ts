import { randomUUID } from 'node:crypto';
import type { LocalLog } from '../log.ts';
import type { AccountConcurrency } from './concurrency.ts';
import type { FunctionDefinition } from './definition.ts';
import { type Instance, type Invocation, startInstance } from './instance.ts';
import { closedResult, type InvocationResult, throttledResult } from './result.ts';
import type { RuntimeApi } from './runtime-api.ts';
import type { Sandboxes } from './sandboxes.ts';

/** The parts of the cloud that the instances of a function need. */
export type PoolHost = {
  runtimeApi: RuntimeApi;
  sandboxes: Sandboxes;
  concurrency: AccountConcurrency;
  log: LocalLog;
  /** An invocation ended, or an asynchronous event was given up. */
  onSettled: () => void;
};

/** Counters of one function. */
export type FunctionStats = {
  /** Starting ones included. */
  instances: number;
  /** Invocations that run. */
  busy: number;
  coldStarts: number;
  invocations: number;
  errors: number;
  initMs: number[];
  /** The most memory that any instance had between two invocations. */
  maxMemoryMiB: number;
};

/** The instances of one function and the invocations that wait for one. */
export type Pool = {
  definition: FunctionDefinition;
  host: PoolHost;
  instances: Map<string, Instance>;
  /** Most recently used last. */
  idle: { instance: Instance; sinceMs: number }[];
  queue: Invocation[];
  exits: Set<Promise<void>>;
  /** Invocations that run or wait. */
  active: number;
  invocations: number;
  errors: number;
  initMs: number[];
  endedCpuMs: number;
  endedMaxMemoryMiB: number;
  serial: number;
  /** Instances that run code which was replaced: they end with their invocation. */
  outdated: Set<Instance>;
  isClosed: boolean;
};

/** Makes a pool without instances; they start on demand, as far as the sandboxes have room. */
export function createPool(definition: FunctionDefinition, host: PoolHost): Pool {
  const pool: Pool = {
    definition,
    host,
    instances: new Map(),
    idle: [],
    queue: [],
    exits: new Set(),
    active: 0,
    invocations: 0,
    errors: 0,
    initMs: [],
    endedCpuMs: 0,
    endedMaxMemoryMiB: 0,
    serial: 0,
    outdated: new Set(),
    isClosed: false,
  };
  host.concurrency.reserve(definition.reservedConcurrency ?? 0);
  host.sandboxes.join({
    // One instance for each invocation; those that start, or have just answered, will be free in a moment.
    unserved: () => (pool.isClosed || pool.queue.length === 0 ? 0 : pool.active - pool.instances.size),
    instances: () => pool.instances.size,
    start: () => start(pool),
    evictIdle: (idleMs) => evictIdle(pool, idleMs),
  });
  return pool;
}

/** Runs one invocation: in the instance used last, in a new one, or in the first that is free. */
export function runInPool(pool: Pool, payload: string): Promise<InvocationResult> {
  const reserved = pool.definition.reservedConcurrency;
  const { concurrency } = pool.host;
  if (pool.isClosed) return Promise.resolve(closedResult());
  const enters = reserved === undefined ? concurrency.enter() : pool.active < reserved;
  if (!enters) return Promise.resolve(throttledResult());
  pool.active += 1;
  pool.invocations += 1;
  return new Promise((resolve) => {
    const requestId = randomUUID();
    const settle = (result: InvocationResult) => {
      pool.active -= 1;
      if (reserved === undefined) concurrency.leave();
      if (result.error) reportError(pool, requestId, result.error);
      resolve(result);
      queueMicrotask(pool.host.onSettled);
    };
    const free = pool.idle.pop();
    if (free) return free.instance.assign({ requestId, payload, settle });
    pool.queue.push({ requestId, payload, settle });
    pool.host.sandboxes.balance();
  });
}

function reportError(pool: Pool, requestId: string, error: { errorType: string; errorMessage: string }): void {
  pool.errors += 1;
  pool.host.log({ kind: 'invocation-failed', functionName: pool.definition.logicalId, requestId, ...error });
}

function start(pool: Pool): void {
  const { definition, host } = pool;
  const functionName = definition.logicalId;
  pool.serial += 1;
  const id = `${functionName}/${pool.serial}`;
  const instance: Instance = startInstance({
    ...definition,
    id,
    functionArn: definition.arn,
    environment: instanceEnvironment(definition, id),
    runtimeApi: host.runtimeApi,
    onReady: (initMs) => {
      pool.initMs.push(initMs);
      host.log({ kind: 'cold-start', functionName, instanceId: id, initMs });
      takeNext(pool, instance);
      host.sandboxes.started();
    },
    onIdle: () => takeNext(pool, instance),
    onEnd: (initError) => forget(pool, instance, initError),
    onLine: (stream, line) => host.log({ kind: 'output', functionName, instanceId: id, stream, line }),
  });
  pool.instances.set(id, instance);
  pool.exits.add(instance.exited);
  void instance.exited.then(() => pool.exits.delete(instance.exited));
}

function instanceEnvironment(definition: FunctionDefinition, id: string): Record<string, string> {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
  return {
    ...definition.environment,
    AWS_LAMBDA_LOG_STREAM_NAME: `${day}/[$LATEST]${randomUUID().replaceAll('-', '')}`,
    // Identifies the calling instance at the front, so that a fault can kill it alone.
    AWS_SESSION_TOKEN: id,
  };
}

function takeNext(pool: Pool, instance: Instance): void {
  if (pool.outdated.has(instance)) {
    instance.kill();
    return;
  }
  const invocation = pool.queue.shift();
  if (invocation) {
    instance.assign(invocation);
    return;
  }
  pool.idle.push({ instance, sinceMs: performance.now() });
  pool.host.sandboxes.balance();
}

function forget(pool: Pool, instance: Instance, initError: InvocationResult | undefined): void {
  pool.instances.delete(instance.id);
  pool.outdated.delete(instance);
  pool.idle = pool.idle.filter((candidate) => candidate.instance !== instance);
  pool.endedCpuMs += instance.cpuMs();
  pool.endedMaxMemoryMiB = Math.max(pool.endedMaxMemoryMiB, instance.maxMemoryMiB());
  if (initError) {
    // The invocation it was started for fails with it; otherwise a function that cannot start would start for ever.
    pool.queue.shift()?.settle(initError);
    pool.host.sandboxes.started();
  }
  pool.host.sandboxes.released();
}

function evictIdle(pool: Pool, idleMs: number): boolean {
  const oldest = pool.idle[0];
  if (!oldest || performance.now() - oldest.sinceMs < idleMs) return false;
  oldest.instance.kill();
  return true;
}

/** Later invocations run the code in this folder; those that run end with the code that they began with. */
export function updatePoolCode(pool: Pool, taskRoot: string): void {
  const { definition } = pool;
  definition.taskRoot = taskRoot;
  definition.environment.LAMBDA_TASK_ROOT = taskRoot;
  for (const instance of pool.instances.values()) pool.outdated.add(instance);
  for (const { instance } of [...pool.idle]) instance.kill();
}

/** SIGKILL of every instance; how many there were. */
export function killPool(pool: Pool): number {
  const victims = [...pool.instances.values()];
  for (const instance of victims) instance.kill();
  return victims.length;
}

/** CPU of all instances, ended ones included, as of each one's last idle moment, in milliseconds. */
export function poolCpuMs(pool: Pool): number {
  return [...pool.instances.values()].reduce((sum, instance) => sum + instance.cpuMs(), pool.endedCpuMs);
}

/** The counters so far. */
export function poolStats(pool: Pool): FunctionStats {
  const { instances, active, queue, invocations, errors, initMs } = pool;
  const busy = active - queue.length;
  const maxMemoryMiB = Math.max(
    pool.endedMaxMemoryMiB,
    ...[...instances.values()].map((instance) => instance.maxMemoryMiB()),
  );
  const counts = { instances: instances.size, busy, coldStarts: initMs.length, invocations, errors };
  return { ...counts, initMs: [...initMs], maxMemoryMiB };
}

/** Kills all instances and waits until their processes are gone; later invocations fail. */
export async function closePool(pool: Pool): Promise<void> {
  pool.isClosed = true;
  for (const invocation of pool.queue.splice(0)) invocation.settle(closedResult());
  killPool(pool);
  await Promise.all(pool.exits);
}
