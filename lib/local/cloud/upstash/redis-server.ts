import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makePrivateDirectory } from '../private-directory.ts';
import { connectRedis, type RedisAddress } from './resp.ts';

/** The message without a redis-server. */
export const installRedis =
  'The redis backend runs locally on a real redis-server, and none is on the PATH.\n' +
  'Install one (apt-get install redis-server, or brew install redis), or set REDIS_URL (redis://host:port) to one that runs,\n' +
  'or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN to an Upstash database.';

/** The path of redis-server; undefined if it is not on the PATH. */
export function findRedisServer(path = process.env.PATH ?? ''): string | undefined {
  return path
    .split(delimiter)
    .map((directory) => join(directory, 'redis-server'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

export interface RedisServerOptions {
  /** Kept across restarts; without it a temporary one, removed at the end. */
  readonly dataDirectory?: string;
  /** More settings: name and value as in redis.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A redis-server that runs as a child of this process. */
export interface RedisServer extends RedisAddress {
  /** A new one at each start of this process. */
  readonly password: string;
  /** SIGKILL: what was not yet synced to the file is lost. */
  kill(): Promise<void>;
  /** Starts again, on the same port and directory. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Each write is in the file within a second (`appendfsync everysec`), and nothing is evicted, as at Upstash. */
const DEFAULTS = { appendonly: 'yes', appendfsync: 'everysec', save: '', 'maxmemory-policy': 'noeviction' };
const START_TIMEOUT_MS = 10_000;

/** Starts redis-server on a free port of 127.0.0.1, with a password: every program of this machine reaches the port. Throws an Error with the install line when there is none. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const binary = findRedisServer();
  if (!binary) throw new Error(installRedis);
  const directory = options.dataDirectory ?? mkdtempSync(join(tmpdir(), 'local-redis-'));
  makePrivateDirectory(directory);
  const address = { host: '127.0.0.1', port: await freePort(), password: randomBytes(24).toString('base64url') };
  const { host: bind, port, password: requirepass } = address;
  const config = configFile({
    ...DEFAULTS,
    ...options.settings,
    ...{ port: String(port), bind, requirepass, dir: directory },
  });
  let child = await start(binary, config, address);
  // If the parent ends by process.exit, the server would go on.
  const killAtExit = () => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
  };
  return {
    ...address,
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end('SIGTERM');
      child = await start(binary, config, address);
    },
    close: async () => {
      process.off('exit', killAtExit);
      await end('SIGTERM');
      if (!options.dataDirectory) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Settings in the form of redis.conf. */
function configFile(settings: Readonly<Record<string, string>>): string {
  const quoted = (value: string) => `"${value.replace(/["\\]/g, '\\$&')}"`;
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${quoted(value)}\n`)
    .join('');
}

/** The settings, a password among them, go by standard input: arguments can be read in the list of processes. */
async function start(binary: string, config: string, address: RedisAddress): Promise<ChildProcess> {
  const child = spawn(binary, ['-'], { stdio: ['pipe', 'pipe', 'pipe'] });
  // If the server has ended already, the code below reports it.
  child.stdin.on('error', () => {});
  child.stdin.end(config);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-2_000);
    });
  }
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`redis-server ended at its start:\n${output}`);
    if (await answers(address)) return child;
    await delay(20);
  }
  child.kill('SIGKILL');
  throw new Error(`redis-server did not answer within ${START_TIMEOUT_MS} ms:\n${output}`);
}

async function answers(address: RedisAddress): Promise<boolean> {
  try {
    const connection = await connectRedis(address);
    const [reply] = await connection.send([['PING']]);
    connection.close();
    // While it loads its file it answers an error.
    return !(reply instanceof Error);
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
