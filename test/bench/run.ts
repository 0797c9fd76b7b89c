/**
 * `npm run bench -- memory`: time and price of each function by its memory. `npm run bench [-- aws|redis]`: one column a backend, measured one after the other on the same machine. Absolute
 * times are of this machine and this moment; "× sync" compares with sending inside the request, measured beside it.
 */

import { findRedisServer } from '../../lib/local/cloud/upstash/redis-server.ts';
import { startLocalSendoff } from '../../lib/local/start.ts';
import { measureBundles } from './bundles.ts';
import { measureCost } from './cost.ts';
import { measureSpeed } from './speed.ts';

const counts = {
  accepts: Number(process.env.BENCH_ACCEPTS ?? 500),
  consumed: Number(process.env.BENCH_EMAILS ?? 2_000),
};
if (process.argv[2] === 'memory') {
  await (await import('./memory.ts')).printMemoryTable();
  process.exit();
}
const backends = process.argv.length > 2 ? process.argv.slice(2) : ['aws', 'redis'];

const columns = new Map<string, Map<string, string>>();
for (const backend of backends) {
  if (backend === 'redis' && !findRedisServer())
    process.stderr.write('redis is left out: it needs redis-server (apt-get install redis-server)\n');
  else columns.set(backend, await measure(backend));
}
print(columns);

async function measure(backend: string): Promise<Map<string, string>> {
  const config = { backend, ...(backend === 'redis' ? { redisSecret: 'bench' } : {}) };
  const local = await startLocalSendoff({ config });
  try {
    const rows = [...(await measureSpeed(local, counts)), ...(await measureCost(local, counts.consumed))];
    return new Map([...rows, ...measureBundles(config)]);
  } finally {
    await local.cloud.close();
  }
}

function print(table: ReadonlyMap<string, ReadonlyMap<string, string>>): void {
  for (const [backend, column] of table) {
    const width = Math.max(...[...column.keys()].map((name) => name.length));
    process.stdout.write(`\nbackend=${backend}\n`);
    for (const [name, value] of column) process.stdout.write(`  ${name.padEnd(width)}  ${value}\n`);
  }
}
