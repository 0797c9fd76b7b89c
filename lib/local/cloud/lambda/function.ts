import { type AsyncEvents, createAsyncEvents } from './async-events.ts';
import type { FunctionDefinition } from './definition.ts';
import {
  closePool,
  createPool,
  type FunctionStats,
  killPool,
  type Pool,
  type PoolHost,
  poolCpuMs,
  poolStats,
  runInPool,
  updatePoolCode,
} from './pool.ts';
import type { InvocationError, InvocationResult } from './result.ts';

/** The parts of the cloud that a function needs. */
export type FunctionHost = PoolHost & {
  /** Waits before the first and the second retry of an asynchronous invocation. */
  asyncRetryDelaysSeconds: number[];
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
  /** Later invocations run the code in this folder; those that run end with the code that they began with. */
  updateCode: (directory: string) => void;
  stats: () => FunctionStats;
  /** CPU of all instances, ended ones included, as of each one's last idle moment, in milliseconds. */
  cpuMs: () => number;
  /** Invocations that run or wait, and asynchronous events that are not done. */
  pending: () => number;
  close: () => Promise<void>;
};

/** Makes a function that starts instances on demand; nothing runs until the first invocation. */
export function createLocalFunction(definition: FunctionDefinition, host: FunctionHost): LocalFunction {
  const { logicalId, functionName, arn } = definition;
  const pool = createPool(definition, host);
  const events = createAsyncEvents({
    run: (payload) => runInPool(pool, payload),
    retryDelaysSeconds: host.asyncRetryDelaysSeconds,
    maximumRetryAttempts: () => definition.maximumRetryAttempts,
    onDropped: (attempts) => host.log({ kind: 'event-dropped', functionName: logicalId, attempts }),
    onDone: host.onSettled,
  });
  return {
    logicalId,
    functionName,
    arn,
    definition,
    invoke: (payload, options = {}) => invoke(pool, events, payload, options.async ?? false),
    run: (payload) => runInPool(pool, payload),
    runAsync: events.accept,
    kill: () => killPool(pool),
    killInstance: (instanceId) => pool.instances.get(instanceId)?.kill(),
    updateCode: (directory) => updatePoolCode(pool, directory),
    stats: () => poolStats(pool),
    cpuMs: () => poolCpuMs(pool),
    pending: () => pool.active + events.waiting(),
    close: async () => {
      events.close();
      await closePool(pool);
    },
  };
}

async function invoke(pool: Pool, events: AsyncEvents, payload: unknown, isAsync: boolean) {
  const text = JSON.stringify(payload ?? {});
  if (isAsync) {
    events.accept(text);
    return { payload: null };
  }
  const result = await runInPool(pool, text);
  return { payload: JSON.parse(result.payload) as unknown, ...(result.error ? { error: result.error } : {}) };
}
