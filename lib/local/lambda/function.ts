import { randomUUID } from 'node:crypto';
import type { LocalLog } from '../log.ts';
import { type Instance, type Invocation, startInstance } from './instance.ts';
import { closedResult, type InvocationError, type InvocationResult, throttledResult } from './result.ts';
import type { RuntimeApi } from './runtime-api.ts';
import type { Sandboxes } from './sandboxes.ts';

/** What the template says about a function, resolved. */
export type FunctionDefinition = {
  logicalId: string;
  functionName: string;
  arn: string;
  taskRoot: string;
  /** Complete, but for what differs between instances. */
  environment: Record<string, string>;
  memoryMegabytes: number;
  timeoutSeconds: number;
  reservedConcurrency: number | undefined;
  maximumRetryAttempts: number;
};

/** What a function needs of the cloud it runs in. */
export type FunctionHost = {
  runtimeApi: RuntimeApi;
  sandboxes: Sandboxes;
  log: LocalLog;
  /** Waits before the first and the second retry of an asynchronous invocation. */
  asyncRetryDelaysSeconds: number[];
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
};

/** A Lambda function of the template, running in child processes. */
export type LocalFunction = {
  logicalId: string;
  functionName: string;
  arn: string;
  definition: FunctionDefinition;
  /** Invokes with a JSON value; asynchronous invocations answer at once with a null payload. */
  invoke: (payload: unknown, options?: { async?: boolean }) => Promise<{ payload: unknown; error?: InvocationError }>;
  /** Invokes with JSON text and waits for the result. */
  run: (payload: string) => Promise<InvocationResult>;
  /** Invokes with JSON text, retries errors as AWS does, reports nothing. */
  runAsync: (payload: string) => void;
  /** SIGKILL of all its instances; how many there were. */
  kill: () => number;
  killInstance: (instanceId: string) => void;
  stats: () => FunctionStats;
  /** CPU of all instances, ended ones included, as of each one's last idle moment, in milliseconds. */
  cpuMs: () => number;
  /** Invocations that run or wait, and asynchronous events that are not done. */
  pending: () => number;
  close: () => Promise<void>;
};

/** Makes a function that starts instances on demand; nothing runs until the first invocation. */
export function createLocalFunction(definition: FunctionDefinition, host: FunctionHost): LocalFunction {
  const pool = createPool(definition, host);
  const asyncEvents = createAsyncEvents(definition, host, pool.run);
  return {
    logicalId: definition.logicalId,
    functionName: definition.functionName,
    arn: definition.arn,
    definition,
    invoke: async (payload, options = {}) => {
      const text = JSON.stringify(payload ?? {});
      if (options.async) {
        asyncEvents.accept(text);
        return { payload: null };
      }
      const result = await pool.run(text);
      return { payload: JSON.parse(result.payload || 'null'), ...(result.error ? { error: result.error } : {}) };
    },
    run: pool.run,
    runAsync: asyncEvents.accept,
    kill: pool.kill,
    killInstance: pool.killInstance,
    stats: pool.stats,
    cpuMs: pool.cpuMs,
    pending: () => pool.active() + asyncEvents.waiting(),
    close: async () => {
      asyncEvents.close();
      await pool.close();
    },
  };
}

type Pool = ReturnType<typeof createPool>;

function createPool(definition: FunctionDefinition, host: FunctionHost) {
  const instances = new Map<string, Instance>();
  const idle: { instance: Instance; since: number }[] = [];
  const queue: Invocation[] = [];
  const exits = new Set<Promise<void>>();
  const counters = {
    coldStarts: 0,
    invocations: 0,
    errors: 0,
    initMs: [] as number[],
    endedCpuMs: 0,
    starting: 0,
    active: 0,
  };
  let serial = 0;
  let closed = false;

  const takeNext = (instance: Instance) => {
    const invocation = queue.shift();
    if (invocation) return instance.assign(invocation);
    idle.push({ instance, since: performance.now() });
    host.sandboxes.balance();
  };
  const start = () => {
    serial += 1;
    counters.starting += 1;
    const instance = startInstance({
      id: `${definition.logicalId}/${serial}`,
      taskRoot: definition.taskRoot,
      environment: instanceEnvironment(definition, serial),
      functionArn: definition.arn,
      memoryMegabytes: definition.memoryMegabytes,
      timeoutSeconds: definition.timeoutSeconds,
      runtimeApi: host.runtimeApi,
      onReady: (ready, initMs) => {
        counters.starting -= 1;
        host.sandboxes.started();
        counters.coldStarts += 1;
        counters.initMs.push(initMs);
        host.log({ kind: 'cold-start', functionName: definition.logicalId, instanceId: ready.id, initMs });
        takeNext(ready);
      },
      onIdle: takeNext,
      onEnd: (ended, initError) => {
        instances.delete(ended.id);
        const at = idle.findIndex(({ instance: candidate }) => candidate === ended);
        if (at >= 0) idle.splice(at, 1);
        counters.endedCpuMs += ended.cpuMs();
        if (initError) {
          counters.starting -= 1;
          queue.shift()?.settle(initError);
          host.sandboxes.started();
        }
        host.sandboxes.released();
      },
      onLine: (stream, line) =>
        host.log({ kind: 'output', functionName: definition.logicalId, instanceId: instance.id, stream, line }),
    });
    instances.set(instance.id, instance);
    exits.add(instance.exited);
    void instance.exited.then(() => exits.delete(instance.exited));
  };
  host.sandboxes.join({
    // One instance for each invocation; those that start, or have just answered, will be free in a moment.
    unserved: () => (closed || queue.length === 0 ? 0 : counters.active - instances.size),
    instances: () => instances.size,
    start,
    evictIdle: (idleMs) => {
      const oldest = idle[0];
      if (!oldest || performance.now() - oldest.since < idleMs) return false;
      oldest.instance.kill();
      return true;
    },
  });

  const run = (payload: string): Promise<InvocationResult> => {
    const limit = definition.reservedConcurrency;
    if (closed) return Promise.resolve(closedResult());
    if (limit !== undefined && counters.active >= limit) return Promise.resolve(throttledResult());
    counters.active += 1;
    counters.invocations += 1;
    return new Promise((resolve) => {
      const invocation: Invocation = {
        requestId: randomUUID(),
        payload,
        settle: (result) => {
          counters.active -= 1;
          if (result.error) {
            counters.errors += 1;
            const { requestId } = invocation;
            host.log({ kind: 'invocation-failed', functionName: definition.logicalId, requestId, ...result.error });
          }
          resolve(result);
          queueMicrotask(host.onSettled);
        },
      };
      const free = idle.pop();
      if (free) return free.instance.assign(invocation);
      queue.push(invocation);
      host.sandboxes.balance();
    });
  };
  const killAll = () => {
    const victims = [...instances.values()];
    for (const instance of victims) instance.kill();
    return victims.length;
  };
  return {
    run,
    active: () => counters.active,
    kill: killAll,
    killInstance: (instanceId: string) => instances.get(instanceId)?.kill(),
    stats: (): FunctionStats => ({
      instances: instances.size,
      busy: counters.active - queue.length,
      coldStarts: counters.coldStarts,
      invocations: counters.invocations,
      errors: counters.errors,
      initMs: [...counters.initMs],
    }),
    cpuMs: () => [...instances.values()].reduce((sum, instance) => sum + instance.cpuMs(), counters.endedCpuMs),
    close: async () => {
      closed = true;
      killAll();
      for (const invocation of queue.splice(0)) invocation.settle(closedResult());
      await Promise.all(exits);
    },
  };
}

function instanceEnvironment(definition: FunctionDefinition, serial: number): Record<string, string> {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
  return {
    ...definition.environment,
    AWS_LAMBDA_LOG_STREAM_NAME: `${day}/[$LATEST]${randomUUID().replaceAll('-', '')}`,
    // Tells the front which instance calls, so that a fault can kill just that one.
    AWS_SESSION_TOKEN: `${definition.logicalId}/${serial}`,
  };
}

function createAsyncEvents(definition: FunctionDefinition, host: FunctionHost, run: Pool['run']) {
  const timers = new Set<NodeJS.Timeout>();
  let waiting = 0;
  let closed = false;
  const done = () => {
    waiting -= 1;
    host.onSettled();
  };
  const attempt = async (payload: string, attempts: number): Promise<void> => {
    const result = await run(payload);
    if (closed || !result.error) return done();
    // A throttled event waits and does not use up an attempt, as on AWS.
    const used = result.throttled ? attempts : attempts + 1;
    if (used > definition.maximumRetryAttempts) {
      host.log({ kind: 'event-dropped', functionName: definition.logicalId, requestId: '', attempts: used });
      return done();
    }
    const delays = host.asyncRetryDelaysSeconds;
    const delaySeconds = result.throttled ? 1 : (delays[used - 1] ?? delays.at(-1) ?? 0);
    const timer = setTimeout(() => {
      timers.delete(timer);
      void attempt(payload, used);
    }, delaySeconds * 1000);
    timers.add(timer);
  };
  return {
    accept: (payload: string) => {
      waiting += 1;
      void attempt(payload, 0);
    },
    waiting: () => waiting,
    close: () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
