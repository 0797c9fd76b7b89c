/**
 * `npm run bench -- broadcast [aws|redis]`: the price of a broadcast's recipient, how fast a broadcast drains, and the memory of the
 * functions. `BENCH_RECIPIENTS` (3,000) and `BENCH_SEGMENT` (10,000) set the sizes.
 */
import { addressOf, createCensus } from '../../bin/demo/census.ts';
import { findRedisServer } from '../../lib/local/cloud/upstash/redis-server.ts';
import { type LocalSendoff, startLocalSendoff } from '../../lib/local/start.ts';
import { synthesize } from '../../lib/synth.ts';
import { broadcastCost } from './broadcast-cost.ts';
import { createSegmentOf, sendBroadcast } from './broadcast-traffic.ts';
import { createLogCounter } from './log-lines.ts';
import { createReceiveCounter } from './receives.ts';
import { MAIL_SERVER_MS } from './speed.ts';

const RECIPIENTS = Number(process.env.BENCH_RECIPIENTS ?? 3_000);
const SEGMENT = Number(process.env.BENCH_SEGMENT ?? 10_000);
/** Enough that every function has compiled its code. */
const WARM_UP = 500;

/** SES reports that an email was delivered a second or more after it took it: the two reports do not come in one batch. */
const APART = { batchingWindowSeconds: 0.1 };
const DELIVERY_MS = 400;

type Rows = [string, string][];

const note = (text: string) => process.stderr.write(`${text} …\n`);

/** Measures the named backends, one after the other. */
export async function benchBroadcast(backends: readonly string[]): Promise<void> {
  for (const backend of backends.length > 0 ? backends : ['aws', 'redis']) {
    if (backend === 'redis' && !findRedisServer()) {
      process.stderr.write('redis is left out: it needs redis-server (apt-get install redis-server)\n');
      continue;
    }
    const rows = await measure(backend);
    const width = Math.max(...rows.map(([name]) => name.length));
    process.stdout.write(`\nbackend=${backend}\n`);
    for (const [name, value] of rows) process.stdout.write(`  ${name.padEnd(width)}  ${value}\n`);
  }
}

async function measure(backend: string): Promise<Rows> {
  const synthesis = synthesize({ backend, ...(backend === 'redis' ? { redisSecret: 'bench' } : {}) });
  const logs = createLogCounter();
  const receives = createReceiveCounter();
  let census = createCensus(0);
  const local = await startLocalSendoff({
    synthesis,
    log: logs.log,
    onCall: receives.onCall,
    overrides: APART,
    ses: {
      latencyMs: MAIL_SERVER_MS,
      maxMessages: 100,
      onSent: (message) => census.note(message),
      eventDelayMs: { Delivery: DELIVERY_MS },
    },
  });
  try {
    const measured = { local, template: synthesis.template, logs, receives };
    note(`backend=${backend}: warm-up`);
    await sendBroadcast(local, { recipients: listOf(WARM_UP) });
    note('speed');
    census = createCensus(RECIPIENTS);
    const speed = await speedRows(local, () => census);
    note('cost');
    const cost = await broadcastCost(measured, RECIPIENTS, listOf);
    note('memory');
    census = createCensus(SEGMENT);
    return [...speed, ...cost, ...(await memoryRows(local))];
  } finally {
    await local.cloud.close();
  }
}

const listOf = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ email: addressOf(n), variables: { name: `Reader ${n}` } }));

/** From one call with a list, by a mail server of 100 ms. */
async function speedRows(local: LocalSendoff, census: () => ReturnType<typeof createCensus>): Promise<Rows> {
  local.cloud.ses.set({ latencyMs: MAIL_SERVER_MS });
  const startedAtMs = Date.now();
  const { answeredMs } = await sendBroadcast(local, { recipients: listOf(RECIPIENTS) });
  const { firstAtMs, lastAtMs, summary } = census();
  const perSecond = (1_000 * RECIPIENTS) / (lastAtMs - startedAtMs);
  const seconds = (atMs: number) => ((atMs - startedAtMs) / 1_000).toFixed(1);
  const { lost, twice } = summary();
  if (lost + twice > 0) throw new Error(`lost ${lost}, twice ${twice}`);
  return [
    [
      `${RECIPIENTS.toLocaleString('en')} recipients, mail server ${MAIL_SERVER_MS} ms`,
      `${perSecond.toFixed(0)} emails/s`,
    ],
    ['  the call answered after', `${answeredMs.toFixed(0)} ms`],
    ['  the first, the last email after the call', `${seconds(firstAtMs)} s, ${seconds(lastAtMs)} s`],
    ['  Celery, one task in a loop (arithmetic)', `${celery(1)}`],
    ['  Celery, 16 parallel tasks (arithmetic)', `${celery(16)}`],
  ];
}

/** A task sends one email after the other, so that its rate follows from the mail server's time. */
function celery(tasks: number): string {
  const perSecond = (1_000 / MAIL_SERVER_MS) * tasks;
  return `${perSecond} emails/s, the last after ${(RECIPIENTS / perSecond).toFixed(0)} s`;
}

/** The most memory of each function after a small segment, and after a large one. */
async function memoryRows(local: LocalSendoff): Promise<Rows> {
  local.cloud.ses.set({ latencyMs: 0 });
  const before = memoryOf(local);
  await sendBroadcast(local, { segmentId: await createSegmentOf(local, SEGMENT) });
  const after = memoryOf(local);
  return [
    ['memory, MiB', `before, after a segment of ${SEGMENT.toLocaleString('en')}; of the function's own`],
    ...[...after].map(([name, { used, own }]): [string, string] => [
      `  ${name}`,
      `${before.get(name)?.used.toFixed(0) ?? '-'}, ${used.toFixed(0)}; ${own}`,
    ]),
  ];
}

function memoryOf({ cloud }: LocalSendoff) {
  const all = [...cloud.functions.values()].map(
    (one) =>
      [
        /^Sendoff(.*)Function/.exec(one.logicalId)?.[1]?.toLowerCase() ?? one.logicalId,
        { used: one.stats().maxMemoryMiB, own: one.definition.memoryMegabytes },
      ] as const,
  );
  return new Map(all.filter(([, { used }]) => used > 0));
}
