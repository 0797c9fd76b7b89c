import { type ChildProcess, spawn } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { failedResult, type InvocationResult, thrownResult } from './result.ts';
import type { RuntimeApi, RuntimeClient } from './runtime-api.ts';

const bootstrapPath = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url));
/** AWS's limit; above it the init goes on within the first invocation's time-out, which is why that is added. */
const initTimeoutSeconds = 10;

/** One invocation on its way to an instance. */
export type Invocation = { requestId: string; payload: string; settle: (result: InvocationResult) => void };

/** How an instance is started. The callbacks come in a later turn. */
export type InstanceOptions = {
  id: string;
  taskRoot: string;
  environment: Record<string, string>;
  functionArn: string;
  memoryMegabytes: number;
  timeoutSeconds: number;
  runtimeApi: RuntimeApi;
  onReady: (initMs: number) => void;
  /** Free again after an invocation. */
  onIdle: () => void;
  /** Called when the process has exited or was killed. `initError` if it never became ready. */
  onEnd: (initError: InvocationResult | undefined) => void;
  onLine: (stream: 'stdout' | 'stderr', line: string) => void;
};

/** One execution environment: a child process that runs one invocation at a time. */
export type Instance = {
  id: string;
  /** CPU time as of its last `next`, in milliseconds. */
  cpuMs: () => number;
  /** The most memory that the process had between two invocations, in MiB. */
  maxMemoryMiB: () => number;
  /** Call it only when the instance is free. */
  assign: (invocation: Invocation) => void;
  /** SIGKILL; the running invocation fails at once. */
  kill: () => void;
  /** Resolves when the process is gone. */
  exited: Promise<void>;
};

type Sandbox = {
  options: InstanceOptions;
  child: ChildProcess;
  startedAtMs: number;
  isReady: boolean;
  hasEnded: boolean;
  /** The open `next`. */
  waiting?: ServerResponse | undefined;
  invocation?: Invocation | undefined;
  timer?: NodeJS.Timeout | undefined;
  initError?: InvocationResult;
  cpuUs: number;
  maxMemoryBytes: number;
};

/** Starts a child process with the runtime client in it. */
export function startInstance(options: InstanceOptions): Instance {
  const child = spawn(process.execPath, [...heapFlags(options.memoryMegabytes), bootstrapPath, options.id], {
    cwd: options.taskRoot,
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const sandbox: Sandbox = {
    options,
    child,
    startedAtMs: performance.now(),
    isReady: false,
    hasEnded: false,
    cpuUs: 0,
    maxMemoryBytes: 0,
  };
  const initMs = (initTimeoutSeconds + options.timeoutSeconds) * 1000;
  sandbox.timer = setTimeout(() => kill(sandbox, failedResult('Sandbox.Timedout', 'Init did not end in time')), initMs);
  options.runtimeApi.register(options.id, runtimeClient(sandbox));
  return {
    id: options.id,
    cpuMs: () => sandbox.cpuUs / 1000,
    maxMemoryMiB: () => sandbox.maxMemoryBytes / 1024 ** 2,
    assign: (invocation) => assign(sandbox, invocation),
    kill: () => kill(sandbox, exitedResult(sandbox.invocation, 'signal: killed')),
    exited: watch(sandbox),
  };
}

/** The heap limits that AWS's own bootstrap derives from the function's memory. */
function heapFlags(memoryMegabytes: number): string[] {
  const oldSpace = Math.floor(memoryMegabytes * 0.9);
  const semiSpace = Math.max(1, Math.floor(memoryMegabytes * 0.05));
  return [`--max-old-space-size=${oldSpace}`, `--max-semi-space-size=${semiSpace}`];
}

function runtimeClient(sandbox: Sandbox): RuntimeClient {
  const isRunning = (requestId: string) => requestId === sandbox.invocation?.requestId;
  return {
    next: (response, { cpuUs, memoryBytes }) => {
      sandbox.waiting = response;
      sandbox.cpuUs = cpuUs;
      sandbox.maxMemoryBytes = Math.max(sandbox.maxMemoryBytes, memoryBytes);
      if (sandbox.isReady) return sandbox.options.onIdle();
      clearTimeout(sandbox.timer);
      sandbox.isReady = true;
      sandbox.options.onReady(performance.now() - sandbox.startedAtMs);
    },
    respond: (requestId, payload) => isRunning(requestId) && settle(sandbox, { payload }),
    fail: (requestId, payload) => isRunning(requestId) && settle(sandbox, thrownResult(payload)),
    initFailed: (payload) => {
      sandbox.initError = thrownResult(payload);
    },
  };
}

function assign(sandbox: Sandbox, invocation: Invocation): void {
  const { timeoutSeconds, functionArn } = sandbox.options;
  const response = sandbox.waiting;
  sandbox.waiting = undefined;
  sandbox.invocation = invocation;
  const deadlineMs = Date.now() + timeoutSeconds * 1000;
  sandbox.timer = setTimeout(() => kill(sandbox, timedOut(invocation, timeoutSeconds)), timeoutSeconds * 1000);
  response?.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(invocation.payload),
    'lambda-runtime-aws-request-id': invocation.requestId,
    'lambda-runtime-deadline-ms': String(deadlineMs),
    'lambda-runtime-invoked-function-arn': functionArn,
  });
  response?.end(invocation.payload);
}

function settle(sandbox: Sandbox, result: InvocationResult): void {
  clearTimeout(sandbox.timer);
  const { invocation } = sandbox;
  sandbox.invocation = undefined;
  invocation?.settle(result);
}

function kill(sandbox: Sandbox, result: InvocationResult): void {
  sandbox.child.kill('SIGKILL');
  end(sandbox, result);
}

/** Does not wait for the process to die: no invocation may get an instance that is about to exit. */
function end(sandbox: Sandbox, result: InvocationResult): void {
  if (sandbox.hasEnded) return;
  sandbox.hasEnded = true;
  sandbox.options.runtimeApi.unregister(sandbox.options.id);
  sandbox.waiting?.destroy();
  sandbox.options.onEnd(sandbox.isReady ? undefined : (sandbox.initError ?? result));
  settle(sandbox, result);
}

function timedOut(invocation: Invocation, timeoutSeconds: number): InvocationResult {
  const message = `RequestId: ${invocation.requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
  return failedResult('Sandbox.Timedout', message);
}

function exitedResult(invocation: Invocation | undefined, how: string): InvocationResult {
  const prefix = invocation ? `RequestId: ${invocation.requestId} ` : '';
  return failedResult('Runtime.ExitError', `${prefix}Error: Runtime exited with error: ${how}`);
}

function watch(sandbox: Sandbox): Promise<void> {
  const { child, options } = sandbox;
  const forward = (stream: 'stdout' | 'stderr', source: Readable | null) => {
    if (source) createInterface({ input: source }).on('line', (line) => options.onLine(stream, line));
  };
  forward('stdout', child.stdout);
  forward('stderr', child.stderr);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      end(sandbox, exitedResult(sandbox.invocation, error.message));
      if (child.pid === undefined) resolve();
    });
    // Not `exit`: its last output, often the reason, is read before `close`.
    child.once('close', (code, signal) => {
      const how = signal === null ? `exit status ${code}` : `signal: ${signal === 'SIGKILL' ? 'killed' : signal}`;
      end(sandbox, exitedResult(sandbox.invocation, how));
      resolve();
    });
  });
}
