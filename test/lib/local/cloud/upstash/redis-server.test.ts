import { readdirSync, readFileSync, statSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, startRedisServer } from '../../../../../lib/local/cloud/upstash/redis-server.ts';
import { connectRedis, RedisError } from '../../../../../lib/local/cloud/upstash/resp.ts';
import { hasRedis } from '../../../../helpers/redis-database.ts';
import { temporaryFolder } from '../fixtures/stack.ts';

describe.skipIf(!hasRedis)('a local redis-server', () => {
  const dataDirectory = join(temporaryFolder(), 'with "quotes" and spaces');
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedisServer({ dataDirectory });
  });
  afterAll(() => server?.close());

  it('refuses clients without its password', async () => {
    const { host, port } = server;
    const connection = await connectRedis({ host, port });
    const [reply] = await connection.send([['GET', 'x']]);
    connection.close();
    expect(reply).toBeInstanceOf(RedisError);
    expect(String(reply)).toContain('NOAUTH');
    await expect(connectRedis({ host, port, password: 'wrong' })).rejects.toThrow('WRONGPASS');
  });

  it('answers with it, after a restart too, and keeps its data in its directory, which is this user’s alone', async () => {
    await server.restart();
    const connection = await connectRedis(server);
    expect(String((await connection.send([['SET', 'x', '1']]))[0])).not.toContain('ERR');
    connection.close();
    expect(readdirSync(dataDirectory)).toContain('appendonlydir');
    expect(statSync(dataDirectory).mode & 0o777).toBe(0o700);
  });

  it.skipIf(process.platform !== 'linux')('does not show its password in the list of processes', () => {
    const commandLines = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(commandLineOf);
    expect(commandLines.filter((line) => line.includes('redis-server')).length).toBeGreaterThan(0);
    expect(commandLines.filter((line) => line.includes(server.password))).toEqual([]);
  });

  it('listens on loopback alone', async () => {
    const connection = await connectRedis(server);
    const [reply] = await connection.send([['CONFIG', 'GET', 'bind']]);
    connection.close();
    expect([reply].flat().map(String)).toEqual(['bind', '127.0.0.1']);
    const others = Object.values(networkInterfaces()).flatMap((all = []) => all.filter(({ internal }) => !internal));
    for (const { address: host, family } of others)
      if (family === 'IPv4') await expect(connectRedis({ ...server, host })).rejects.toThrow('ECONNREFUSED');
  });
});

/** A process may end while the list is read. */
function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
