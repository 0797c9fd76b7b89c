import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const running = new Map<ChildProcess, NodeJS.Signals>();
const KILL_AFTER_MS = 5_000;
/** How many lines of a failing command's output the error has; the CDK repeats the failure at the end. */
const SHOWN_LINES = 30;

export interface ChildOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The signal that ends it when this process ends; SIGTERM for a command that has children to end. */
  readonly endedBy?: NodeJS.Signals;
  /** Called for every line of output. The error of a failing command has the output anyway. */
  readonly onLine?: (line: string) => void;
}

/** Runs a command to its end and returns its output; throws an error with the output if it fails. */
export async function run(command: string, args: readonly string[], options: ChildOptions): Promise<string> {
  const { child, output } = start(command, args, options);
  const code = await ended(child);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${lastLines(output())}`);
  return output();
}

const lastLines = (text: string) => text.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');

/** Starts a command that runs until it is stopped. */
export function start(
  command: string,
  args: readonly string[],
  { cwd, env, onLine, endedBy = 'SIGKILL' }: ChildOptions,
) {
  // In a process group of its own, to end its children with it: an emulator's functions.
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  running.set(child, endedBy);
  child.once('close', () => running.delete(child));
  endWithThisProcess(child);
  let text = '';
  let rest = '';
  const take = (chunk: string) => {
    text += chunk;
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine?.(line);
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  return { child, output: () => text };
}

/** Starts a command that runs until it is stopped, and waits until a line of its output says that it is ready. */
export async function startAndWait(
  command: string,
  args: readonly string[],
  options: Omit<ChildOptions, 'onLine'> & { readonly isReady: (line: string) => boolean; readonly withinMs: number },
): Promise<{ child: ChildProcess; line: string }> {
  const { isReady, withinMs, ...rest } = options;
  const ready = Promise.withResolvers<string>();
  const { child, output } = start(command, args, {
    ...rest,
    onLine: (line) => isReady(line) && ready.resolve(line),
  });
  const fail = (why: string, cause?: unknown) =>
    ready.reject(new Error(`${command} ${args.join(' ')} ${why}:\n${lastLines(output())}`, { cause }));
  child.once('error', (cause) => fail('could not be started', cause));
  child.once('close', () => fail('ended before it was ready'));
  const timer = setTimeout(() => fail(`was not ready after ${withinMs / 1000} s`), withinMs);
  try {
    return { child, line: await ready.promise };
  } catch (error) {
    await stop(child);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Kills a child and its process group when this process ends, even by SIGKILL, when no handler runs. A shell waits on a pipe,
 * which closes then. When the child ends first, a line on the pipe ends the shell.
 */
function endWithThisProcess(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const script = 'read -r ended || kill -s KILL -- "-$0"';
  const guard = spawn('/bin/sh', ['-c', script, String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // The shell may have ended before.
  guard.stdin.on('error', () => {});
  guard.unref();
  child.once('close', () => guard.stdin.end('\n'));
}

/** Stops a child and its process group, and waits for the child. */
export async function stop(child: ChildProcess): Promise<void> {
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS);
  signalGroup(child, 'SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  clearTimeout(timer);
  signalGroup(child, 'SIGKILL');
}

/** Ends all children that still run, and waits for them. */
export async function endAll(): Promise<void> {
  await Promise.all(
    [...running].map(async ([child, signal]) => {
      const closed = once(child, 'close');
      signalGroup(child, signal);
      await closed;
    }),
  );
}

async function ended(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  return code ?? signal;
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // The group has ended already.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
