/**
 * `npm run bench -- memory`: time and price of each function by its memory. `npm run bench -- broadcast`: a broadcast. `npm run bench -- peers`: beside Celery and BullMQ. `npm run bench -- large`: memory for large and many emails. `npm run bench -- scheduled`: many that are due at once. `npm run bench [-- aws|redis]`: one column a backend, measured one after the other on the same machine. Absolute
 * times are of this machine and this moment; "× sync" compares with sending inside the request, measured beside it.
 */

import { options } from '../../lib/config/options.ts';
import { findRedisServer } from '../../lib/local/cloud/upstash/redis-server.ts';
import { startLocalSendoff } from '../../lib/local/start.ts';
import { synthesize } from '../../lib/synth.ts';
import { measureBundles } from './bundles.ts';
import { measureCost } from './cost.ts';
import { createLogCounter } from './log-lines.ts';
import { createReceiveCounter } from './receives.ts';
import { measureSpeed } from './speed.ts';

const counts = {
  accepts: Number(process.env.BENCH_ACCEPTS ?? 500),
  consumed: Number(process.env.BENCH_EMAILS ?? 2_000),
};
/** `BENCH_ONLY=cost` leaves speed and bundles out. */
const onlyCost = process.env.BENCH_ONLY === 'cost';
if (process.argv[2] === 'memory') {
  await (await import('./memory.ts')).printMemoryTable();
  process.exit();
}
if (process.argv[2] === 'large') {
  await (await import('./large.ts')).printLargeLoads();
  process.exit();
}
if (process.argv[2] === 'broadcast') {
  await (await import('./broadcast.ts')).benchBroadcast(process.argv.slice(3));
  process.exit();
}
if (process.argv[2] === 'scheduled') {
  await (await import('./scheduled.ts')).benchScheduled(process.argv.slice(3));
  process.exit();
}
if (process.argv[2] === 'peers') {
  await (await import('./peers/peers.ts')).benchPeers();
  process.exit();
}
const backends = process.argv.length > 2 ? process.argv.slice(2) : ['aws', 'redis'];

/**
 * A tenth of the times on AWS: an email is mostly delivered one to three seconds after SES took it, and the two reports are gathered for
 * `feedbackWindowSeconds`.
 */
const TENTH = {
  overrides: { batchingWindowSeconds: options.feedbackWindowSeconds.default / 10 },
  ses: { eventDelayMs: { Delivery: 200 } },
};

type Rows = readonly [string, string][];

const columns = new Map<string, Rows>();
for (const backend of backends) {
  if (backend === 'redis' && !findRedisServer())
    process.stderr.write('redis is left out: it needs redis-server (apt-get install redis-server)\n');
  else columns.set(backend, await measure(backend));
}
print(columns);

async function measure(backend: string): Promise<Rows> {
  const config = { backend, ...(backend === 'redis' ? { redisSecret: 'bench' } : {}) };
  const synthesis = synthesize(config);
  const logs = createLogCounter();
  const receives = createReceiveCounter();
  const local = await startLocalSendoff({ synthesis, log: logs.log, ...TENTH, onCall: receives.onCall });
  try {
    const cost = () => measureCost({ local, template: synthesis.template, logs, receives }, counts.consumed);
    if (onlyCost) return await cost();
    return [...(await measureSpeed(local, counts)), ...(await cost()), ...measureBundles(synthesis)];
  } finally {
    await local.cloud.close();
  }
}

function print(table: ReadonlyMap<string, Rows>): void {
  for (const [backend, column] of table) {
    const width = Math.max(...column.map(([name]) => name.length));
    process.stdout.write(`\nbackend=${backend}\n`);
    for (const [name, value] of column) process.stdout.write(`  ${name.padEnd(width)}  ${value}\n`);
  }
}
