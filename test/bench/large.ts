import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { options } from '../../lib/config/options.ts';
import { findRedisServer } from '../../lib/local/cloud/upstash/redis-server.ts';
import { startLocalSendoff } from '../../lib/local/start.ts';
import { peakMemoryMb } from '../helpers/large-emails.ts';

/** Takes the requests for files.example.com to a server of this machine. */
const REACH_OUTSIDE = join(import.meta.dirname, '..', 'clients', 'reach-outside.cjs');

interface Load {
  readonly name: string;
  /** Sizes in bytes of the files that each large email fetches. */
  readonly files: readonly number[];
  readonly large: number;
  readonly small: number;
}

const loads: readonly Load[] = [
  { name: 'ten emails with a file of 7.2 MB by path', files: [7_200_000], large: 10, small: 0 },
  { name: 'ten with four files of 1.8 MB by path', files: Array(4).fill(1_800_000), large: 10, small: 0 },
  { name: 'ten with four files of 9 MB by path, too large', files: Array(4).fill(9_000_000), large: 10, small: 0 },
  { name: '2,000 small emails, twenty with a file of 7.2 MB', files: [7_200_000], large: 20, small: 2_000 },
];

/** Prints the peak memory of the function that sends, for large emails and many emails, on both backends. */
export async function printLargeLoads(): Promise<void> {
  for (const backend of findRedisServer() ? ['aws', 'redis'] : ['aws'])
    for (const load of loads) process.stdout.write(`| ${backend} | ${load.name} | ${await measure(backend, load)} |\n`);
}

async function measure(backend: string, { files, large, small }: Load): Promise<string> {
  const server = createServer((request, response) => {
    const bytes = Number(request.url?.slice(1));
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(randomBytes(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const OUTSIDE_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = backend === 'redis' ? { backend, redisSecret: 'bench' } : { backend };
  const local = await startLocalSendoff({
    config,
    functionEnvironment: { NODE_OPTIONS: `--require=${REACH_OUTSIDE}`, OUTSIDE_URL },
    ses: { latencyMs: 100 },
  });
  try {
    const { cloud, apiKey } = local;
    const accept = async (path: string, body: unknown) => {
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
      // A busy machine answers some with 503.
      for (let tries = 0; tries < 20; tries++) {
        const response = await fetch(`${cloud.apiUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
        if (response.ok) return;
        if (response.status !== 503) throw new Error(await response.text());
      }
      throw new Error('not accepted in 20 tries');
    };
    const email = { from: 'shop@example.com', to: 'a@example.net', subject: 'Hello', html: '<p>Hello</p>'.repeat(100) };
    const attachments = files.map((bytes) => ({ filename: 'a.bin', path: `https://files.example.com/${bytes}` }));
    const batches = Array.from({ length: small / 100 }, () => Array.from({ length: 100 }, () => email));
    await Promise.all([
      ...Array.from({ length: large }, () => accept('/emails', { ...email, attachments })),
      (async () => {
        for (const batch of batches) await accept('/emails/batch', batch);
      })(),
    ]);
    await cloud.idle();
    const name = backend === 'redis' ? 'RedisConsumer' : 'SendFunction';
    const { errors } = cloud.function(name).stats();
    const peakMb = Math.round(peakMemoryMb(name));
    return `${peakMb} MB of ${options.sendMemoryMb.default}, ${cloud.ses.sentCount} sent, ${errors} invocations failed`;
  } finally {
    await local.cloud.close();
    server.closeAllConnections();
    server.close();
  }
}
