import { type ChildProcess, spawn } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { failedResult, type InvocationResult, thrownResult } from './result.ts';
import type { RuntimeApi } from './runtime-api.ts';

const bootstrapPath = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url));
const initTimeoutMs = 10_000;

/** One invocation on its way to an instance. */
export type Invocation = { requestId: string; payload: string; settle: (result: InvocationResult) => void };

/** How an instance is started. */
export type InstanceOptions = {
  id: string;
  taskRoot: string;
  environment: Record<string, string>;
  functionArn: string;
  memoryMegabytes: number;
  timeoutSeconds: number;
  runtimeApi: RuntimeApi;
  onReady: (instance: Instance, initMs: number) => void;
  /** Idle after an invocation. */
  onIdle: (instance: Instance) => void;
  /** Gone, by its own fault or by a kill. `initError` when it never became ready. */
  onEnd: (instance: Instance, initError: InvocationResult | undefined) => void;
  onLine: (stream: 'stdout' | 'stderr', line: string) => void;
};

/** One execution environment: a child process that runs one invocation at a time. */
export type Instance = {
  id: string;
  /** CPU time as of its last `next`, in milliseconds. */
  cpuMs: () => number;
  assign: (invocation: Invocation) => void;
  /** SIGKILL; the running invocation fails at once. */
  kill: () => void;
  /** Resolves when the process is gone. */
  exited: Promise<void>;
};

type State = {
  ended: boolean;
  ready: boolean;
  waiting: ServerResponse | undefined;
  invocation: Invocation | undefined;
  timer: NodeJS.Timeout | undefined;
  initError: InvocationResult | undefined;
  cpuUs: number;
};

/** Starts a child process with the runtime client in it. */
export function startInstance(options: InstanceOptions): Instance {
  const startedAtMs = performance.now();
  const state: State = {
    ended: false,
    ready: false,
    waiting: undefined,
    invocation: undefined,
    timer: undefined,
    initError: undefined,
    cpuUs: 0,
  };
  const child = spawn(process.execPath, [...heapFlags(options.memoryMegabytes), bootstrapPath, options.id], {
    cwd: options.taskRoot,
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = (result: InvocationResult) => {
    if (state.ended) return;
    state.ended = true;
    clearTimeout(state.timer);
    options.runtimeApi.unregister(options.id);
    state.waiting?.destroy();
    const { invocation } = state;
    state.invocation = undefined;
    options.onEnd(instance, state.ready ? undefined : (state.initError ?? result));
    invocation?.settle(result);
  };
  const kill = (result: InvocationResult) => {
    child.kill('SIGKILL');
    end(result);
  };
  const finish = (result: InvocationResult) => {
    clearTimeout(state.timer);
    const { invocation } = state;
    state.invocation = undefined;
    invocation?.settle(result);
  };
  const instance: Instance = {
    id: options.id,
    cpuMs: () => state.cpuUs / 1000,
    assign: (invocation) => {
      state.invocation = invocation;
      const timeoutMs = options.timeoutSeconds * 1000;
      state.timer = setTimeout(() => kill(timedOut(invocation.requestId, options.timeoutSeconds)), timeoutMs);
      deliver(state, invocation, options.functionArn, Date.now() + timeoutMs);
    },
    kill: () => kill(exitedResult(state.invocation, 'signal: killed')),
    exited: watch(child, options, (how) => end(exitedResult(state.invocation, how))),
  };
  state.timer = setTimeout(
    () => kill(failedResult('Sandbox.Timedout', 'Init did not end in time')),
    initTimeoutMs + options.timeoutSeconds * 1000,
  );
  options.runtimeApi.register(options.id, {
    next: (response, cpuUs) => {
      state.waiting = response;
      state.cpuUs = cpuUs;
      if (state.ready) return options.onIdle(instance);
      clearTimeout(state.timer);
      state.ready = true;
      options.onReady(instance, performance.now() - startedAtMs);
    },
    respond: (requestId, payload) => requestId === state.invocation?.requestId && finish({ payload }),
    fail: (requestId, payload) => requestId === state.invocation?.requestId && finish(thrownResult(payload)),
    initFailed: (payload) => {
      state.initError = thrownResult(payload);
    },
  });
  return instance;
}

/** The heap limits that AWS's own bootstrap derives from the function's memory. */
function heapFlags(memoryMegabytes: number): string[] {
  const oldSpace = Math.floor(memoryMegabytes * 0.9);
  const semiSpace = Math.max(1, Math.floor(memoryMegabytes * 0.05));
  return [`--max-old-space-size=${oldSpace}`, `--max-semi-space-size=${semiSpace}`];
}

function deliver(state: State, invocation: Invocation, functionArn: string, deadlineMs: number): void {
  const response = state.waiting;
  state.waiting = undefined;
  response?.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(invocation.payload),
    'lambda-runtime-aws-request-id': invocation.requestId,
    'lambda-runtime-deadline-ms': String(deadlineMs),
    'lambda-runtime-invoked-function-arn': functionArn,
  });
  response?.end(invocation.payload);
}

function timedOut(requestId: string, timeoutSeconds: number): InvocationResult {
  const message = `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
  return failedResult('Sandbox.Timedout', message);
}

function exitedResult(invocation: Invocation | undefined, how: string): InvocationResult {
  const prefix = invocation ? `RequestId: ${invocation.requestId} ` : '';
  return failedResult('Runtime.ExitError', `${prefix}Error: Runtime exited with error: ${how}`);
}

function watch(child: ChildProcess, options: InstanceOptions, onExit: (how: string) => void): Promise<void> {
  const forward = (stream: 'stdout' | 'stderr', source: Readable | null) => {
    if (source) createInterface({ input: source }).on('line', (line) => options.onLine(stream, line));
  };
  forward('stdout', child.stdout);
  forward('stderr', child.stderr);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      onExit(error.message);
      if (child.pid === undefined) resolve();
    });
    child.once('close', (code, signal) => {
      onExit(signal === null ? `exit status ${code}` : `signal: ${signal === 'SIGKILL' ? 'killed' : signal}`);
      resolve();
    });
  });
}
