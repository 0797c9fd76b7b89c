import type { LocalSendoff } from '../../lib/local/start.ts';
import { acceptLoad } from './load.ts';
import { dollarsPerMillion, type PerEmail } from './prices.ts';
import { countCommands } from './redis-commands.ts';
import { MAIL_SERVER_MS } from './speed.ts';

/** Few enough that the functions stay warm and the machine is not busy. */
const CLIENTS = 8;
const MINUTES_A_MONTH = 43_830;
const MEMORY_GB = 0.5;
/** The waits of functions on AWS in ms, for the Lambda bill: local waits are other ones. */
const AWS_WAIT_MS = {
  accept: 10,
  /** Claim and record of a batch, and the mail server. */
  batch: 10 + MAIL_SERVER_MS,
  /** Six round trips to Redis, and the mail server, if a consumer is started for one email. */
  consumer: 30 + MAIL_SERVER_MS,
};
/** Ten jobs an invocation: one send each, a tenth of a receive and of a delete. */
const FULL_BATCHES: Sending = { invocations: 0.1, sqsCalls: 1.2 };

/** The numbers that depend on how many emails are sent together. */
interface Sending {
  readonly invocations: number;
  readonly sqsCalls: number;
}

/** Measures the resources of an email under a steady load, and its price without that of SES. */
export async function measureCost(local: LocalSendoff, emails: number): Promise<[string, string][]> {
  const { cloud, redis } = local;
  cloud.ses.set({ latencyMs: 0 });
  const accept = acceptLoad(local);
  await accept.run(CLIENTS * 10, CLIENTS);
  await cloud.idle();
  cloud.calls.countUnits = true;
  cloud.calls.reset();
  const before = functionTotals(local);
  const commands = redis ? await countCommands(local) : undefined;
  const requestsBefore = redis?.front?.counts.requests ?? 0;
  await accept.run(emails, CLIENTS);
  await cloud.idle();
  accept.close();
  const after = functionTotals(local);
  const each = (total: number) => total / emails;
  const cpu = { api: each(after.apiCpuMs - before.apiCpuMs), send: each(after.sendCpuMs - before.sendCpuMs) };
  const rows: [string, string][] = [
    [
      'CPU in functions',
      `${(cpu.api + cpu.send).toFixed(2)} ms: accept ${cpu.api.toFixed(2)}, send ${cpu.send.toFixed(2)}`,
    ],
  ];
  const calls = cloud.calls.snapshot();
  const sum = (field: 'count' | 'readUnits' | 'writeUnits', service: string) =>
    each(calls.filter((call) => call.service === service).reduce((total, call) => total + call[field], 0));
  rows.push(['AWS calls per email', calledActions(calls, each)]);
  const redisCommands = commands ? each(await commands()) : 0;
  const measured: Sending = {
    invocations: each(after.sendInvocations - before.sendInvocations),
    sqsCalls: sum('count', 'sqs'),
  };
  const perEmail = ({ invocations, sqsCalls }: Sending): PerEmail => {
    const waitMs = AWS_WAIT_MS.accept + invocations * (redis ? AWS_WAIT_MS.consumer : AWS_WAIT_MS.batch);
    return {
      httpRequests: 1,
      sqsCalls,
      writeUnits: sum('writeUnits', 'dynamodb'),
      readUnits: sum('readUnits', 'dynamodb'),
      invocations: 1 + invocations,
      gbSeconds: ((cpu.api + cpu.send + waitMs) / 1000) * MEMORY_GB,
      redisCommands,
    };
  };
  if (redis) {
    const requests = each((redis.front?.counts.requests ?? 0) - requestsBefore);
    rows.push(['Redis per email', `${requests.toFixed(2)} requests, ${redisCommands.toFixed(1)} commands billed`]);
    const idle = await countCommands(local);
    await cloud.function('RedisWatchdog').invoke({});
    rows.push(['Redis when idle', `${((await idle()) * MINUTES_A_MONTH).toLocaleString('en')} commands a month`]);
    rows.push(['dollars per million', `$${dollarsPerMillion(perEmail(measured)).toFixed(2)}`]);
    rows.push(['… a consumer for each', `$${dollarsPerMillion(perEmail({ ...measured, invocations: 1 })).toFixed(2)}`]);
  } else {
    const { writeUnits, readUnits } = perEmail(measured);
    rows.push(['DynamoDB per email', `${writeUnits.toFixed(2)} write units, ${readUnits.toFixed(2)} read units`]);
    rows.push(['dollars per million', `$${dollarsPerMillion(perEmail(measured)).toFixed(2)}`]);
    rows.push(['… in full batches', `$${dollarsPerMillion(perEmail(FULL_BATCHES)).toFixed(2)}`]);
  }
  return rows;
}

function calledActions(calls: readonly { action: string; count: number }[], each: (total: number) => number): string {
  const counts = new Map<string, number>();
  for (const { action, count } of calls) counts.set(action, (counts.get(action) ?? 0) + each(count));
  return [...counts]
    .filter(([, count]) => count >= 0.01)
    .map(([action, count]) => `${action} ${count.toFixed(2)}`)
    .join(', ');
}

function functionTotals({ cloud, redis }: LocalSendoff) {
  const [api, send] = [cloud.function('ApiFunction'), cloud.function(redis ? 'RedisConsumer' : 'SendFunction')];
  return { apiCpuMs: api.cpuMs(), sendCpuMs: send.cpuMs(), sendInvocations: send.stats().invocations };
}
