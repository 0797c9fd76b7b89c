import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..', '..');
const COMMAND_TIMEOUT_MS = 300_000;
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 20_000;

/** The end of a command. */
export interface Outcome {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** What `sendoff start --json` prints when it is ready. */
export interface Ready {
  readonly url: string;
  readonly apiKey: string;
  readonly inbox: string;
  readonly console: string;
  readonly outputs?: Readonly<Record<string, string>>;
}

/**
 * The environment of somebody who has the Node of this process and nothing else of the checkout: npm's variables and
 * folders are left out, and so are credentials, which would change what commands say.
 */
export function environment(home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|AWS_|INIT_CWD|NODE_PATH|NODE_OPTIONS|SENDOFF_|REDIS_URL|UPSTASH_)/.test(name),
  );
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(root));
  return {
    ...Object.fromEntries(kept),
    PATH: [dirname(process.execPath), ...path].join(delimiter),
    HOME: home,
    // npm's own folder, so that what it has downloaded once is there.
    npm_config_cache: process.env.npm_config_cache ?? join(process.env.HOME ?? home, '.npm'),
    npm_config_update_notifier: 'false',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** Runs a command to its end, whatever that is. */
export async function run(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const [file = '', ...args] = command;
  try {
    const { stdout: out, stderr: err } = await promisify(execFile)(file, args, {
      cwd,
      env,
      timeout: COMMAND_TIMEOUT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
    return { exitCode: 0, out, err };
  } catch (error) {
    const {
      code,
      stdout = '',
      stderr = '',
      message,
    } = error as Error & { code?: unknown; stdout?: string; stderr?: string };
    return { exitCode: typeof code === 'number' ? code : -1, out: stdout, err: stderr || message };
  }
}

/** The same for a command that must succeed; answers its standard output. */
export async function succeed(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { exitCode, out, err } = await run(command, cwd, env);
  if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${exitCode}:\n${(out + err).slice(-3000)}`);
  return out;
}

/** Starts `npx sendoff start` and hands over what it printed; stops it after that, and checks that it ends well. */
export async function whileStarted<T>(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  work: (ready: Ready, log: () => string) => Promise<T>,
): Promise<T> {
  const child = spawn('npx', ['--no-install', 'sendoff', 'start', '--json', '--port', '0', ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: npx starts a shell, which starts Node.
    detached: true,
  });
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += String(chunk);
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let result: T;
  try {
    result = await work(await firstLine(child, () => log), () => log);
  } finally {
    kill(child, 'SIGTERM');
    const timer = setTimeout(() => kill(child, 'SIGKILL'), STOP_TIMEOUT_MS);
    await closed;
    clearTimeout(timer);
  }
  // A process that was killed leaves it behind.
  if (existsSync(join(cwd, '.sendoff', 'local.json')))
    throw new Error(`sendoff start did not end well:\n${log.slice(-2000)}`);
  return result;
}

async function firstLine(child: ChildProcess, log: () => string): Promise<Ready> {
  const timer = setTimeout(() => kill(child, 'SIGKILL'), START_TIMEOUT_MS);
  try {
    if (!child.stdout) throw new Error('no standard output');
    for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as Ready;
    throw new Error(`sendoff start did not get ready:\n${log().slice(-3000)}`);
  } finally {
    clearTimeout(timer);
  }
}

function kill({ pid, exitCode }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined || exitCode !== null) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
