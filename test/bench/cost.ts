import { startReceiver } from '../flows/receiver.ts';
import { idleCost } from './idle.ts';
import { bill, type Line, REDIS_COMMANDS_PER_SECOND, type Stored, total } from './prices.ts';
import { countCommands, redisMemoryBytes } from './redis-commands.ts';
import { requestTo } from './request.ts';
import { bucketBytes, storedBytes } from './stored.ts';
import { measureTraffic, type Traffic } from './traffic.ts';
import { largeEmail, typicalEmail } from './typical-email.ts';
import type { Measured } from './use.ts';

type Rows = [string, string][];

/** Enough that every function has compiled its code. */
const WARM_UP = 200;
/** Emails that are sent alone: each waits until the one before is delivered. */
const ALONE = 30;
/** With Redis a consumer and a watchdog run for each, the watchdog for a minute. */
const ALONE_ON_REDIS = 1;
/** The sweep reads every record once, 15 minutes after it was accepted; the read may lag. */
const SWEEP_READ_UNITS = 0.5;
const SCHEDULE_HORIZON_DAYS = 30;
const MINUTES_A_MONTH = 43_830;

/**
 * Counts what emails take in three sorts of traffic and prices it, without SES's own price: with full batches, accepted by the hundred or one
 * by one, and when every email is alone. Sendoff's retention and its logs are in it; what costs also without emails is in the rows of
 * an idle month.
 */
export async function measureCost(measured: Measured, emails: number): Promise<Rows> {
  const { local } = measured;
  local.cloud.ses.set({ latencyMs: 0 });
  await measureTraffic(measured, 'one by one', WARM_UP, typicalEmail);
  return local.redis ? redisRows(measured, emails) : awsRows(measured, emails);
}

async function awsRows(measured: Measured, emails: number): Promise<Rows> {
  const measure = async (traffic: Traffic, count: number) => {
    const use = await measureTraffic(measured, traffic, count, typicalEmail);
    return { use: { ...use, readUnits: use.readUnits + count * SWEEP_READ_UNITS }, count };
  };
  const uses = [
    await measure('batches of 100', emails),
    await measure('one by one', emails),
    await measure('alone', ALONE),
  ];
  const stored = await storedOf(measured, ['email', 'body'], 'email');
  const bills = uses.map(({ use, count }) => bill(use, count, stored));
  return [
    ['$ per million emails', 'by 100, one by one, alone'],
    ...billRows(bills),
    ...(await largeRows(measured, bills[1] ?? [])),
    ...(await webhookRows(measured, emails)),
    ...(await idleRows(measured)),
  ];
}

async function redisRows(measured: Measured, emails: number): Promise<Rows> {
  const { local } = measured;
  const memoryBefore = await redisMemoryBytes(local);
  const bills: Line[][] = [];
  let commandsEach = 0;
  let redisBytes = 0;
  for (const [traffic, count] of [
    ['one by one', emails],
    ['alone', ALONE_ON_REDIS],
  ] as const) {
    const commands = await countCommands(local);
    const use = await measureTraffic(measured, traffic, count, typicalEmail);
    const redisCommands = await commands();
    if (traffic === 'one by one') {
      commandsEach = redisCommands / count;
      redisBytes = ((await redisMemoryBytes(local)) - memoryBefore) / count;
    }
    bills.push(bill({ ...use, redisCommands }, count, { ...storage(measured), redisBytes }));
  }
  const ceiling = REDIS_COMMANDS_PER_SECOND / commandsEach;
  const idle = await countCommands(local);
  const idleLines = await idleRows(measured);
  return [
    ['$ per million emails', 'one by one, alone'],
    ...billRows(bills),
    [
      'Upstash takes',
      `${ceiling.toFixed(0)} emails/s at its ${REDIS_COMMANDS_PER_SECOND.toLocaleString('en')} commands/s`,
    ],
    ['Redis when idle', `${((await idle()) * MINUTES_A_MONTH).toLocaleString('en')} commands a month`],
    ...idleLines,
  ];
}

/** A line for each item that costs half a cent or more, with the quantities of the second kind of traffic. */
export function billRows(bills: readonly Line[][]): Rows {
  const [first = []] = bills;
  const rows = first.flatMap(({ item }, index): Rows => {
    const lines = bills.map((lines) => lines[index]);
    if (lines.every((line) => (line?.dollars ?? 0) < 0.005)) return [];
    const quantities = [...new Set(lines.map((line) => line?.quantity))].join(' | ');
    return [[`  ${item}`, `${dollars(lines.map((line) => line?.dollars ?? 0))}   ${quantities}`]];
  });
  return [...rows, ['  sum', dollars(bills.map(total))]];
}

const dollars = (values: readonly number[]) => values.map((value) => `$${value.toFixed(2)}`.padStart(6)).join('  ');

/** What an email costs more when its body is 100 KB compressed. */
async function largeRows(measured: Measured, typical: readonly Line[]): Promise<Rows> {
  const count = 20;
  const before = await bucketBytes(measured.local);
  const use = await measureTraffic(measured, 'one by one', count, largeEmail);
  const bytes = ((await bucketBytes(measured.local)) - before) / count;
  const { days } = storage(measured);
  const stored = { ...storage(measured), bucketBytes: bytes, bucketDays: SCHEDULE_HORIZON_DAYS + days + 1 };
  const parts = /S3|DynamoDB (writes|reads)/;
  const [more, less] = [bill(use, count, stored), typical].map((lines) => lines.filter(({ item }) => parts.test(item)));
  const quantities = more?.map(({ quantity }) => quantity).join(', ');
  return [['a body of 100 KB, more', `${dollars([total(more ?? []) - total(less ?? [])])}   ${quantities}`]];
}

/** What one event to one endpoint takes, beside the email. */
async function webhookRows(measured: Measured, emails: number): Promise<Rows> {
  const receiver = await startReceiver();
  await requestTo(measured.local, '/webhooks', { endpoint: receiver.url, events: ['email.delivered'] });
  await measureTraffic(measured, 'one by one', WARM_UP, typicalEmail);
  const bills: Line[][] = [];
  for (const [traffic, count] of [
    ['one by one', emails],
    ['alone', ALONE],
  ] as const) {
    const use = await measureTraffic(measured, traffic, count, typicalEmail, /Webhook/);
    // The feedback function queues ten at a time, where there are ten.
    const sends = traffic === 'alone' ? count : Math.ceil(count / 10);
    const stored = await storedOf(measured, ['webhook-event'], 'webhook-event');
    const events = { ...use, httpRequests: 0, snsPublishes: 0, sqsRequests: use.sqsRequests + sends };
    bills.push(bill(events, count, stored));
  }
  await receiver.close();
  return [['$ per million webhook events', 'under load, alone'], ...billRows(bills)];
}

async function idleRows(measured: Measured): Promise<Rows> {
  const lines = await idleCost(measured);
  const sum = lines.reduce((all, [, value]) => all + value, 0);
  return [
    ['$ a month when idle', ''],
    ...lines.map(([item, value]): [string, string] => [`  ${item}`, dollars([value])]),
    ['  sum', dollars([sum])],
  ];
}

/** The time of storage, as the deployment is configured. */
export function storage({ local, template }: Measured): Stored {
  const { RETENTION_DAYS } = local.cloud.function('ApiFunction').definition.environment;
  const logGroup = Object.values(template.Resources).find(({ Type }) => Type === 'AWS::Logs::LogGroup');
  return {
    days: Number(RETENTION_DAYS),
    logDays: Number(logGroup?.Properties?.RetentionInDays),
    tableBytes: 0,
    indexBytes: 0,
    bucketBytes: 0,
    bucketDays: 0,
    redisBytes: 0,
  };
}

/** What the table holds of these kinds of documents, for each document of one kind. */
async function storedOf(measured: Measured, kinds: readonly string[], each: string): Promise<Stored> {
  const bytes = await storedBytes(measured.local);
  const count = bytes.get(each)?.documents ?? 1;
  const sum = (field: 'tableBytes' | 'indexBytes') =>
    kinds.reduce((all, kind) => all + (bytes.get(kind)?.[field] ?? 0), 0) / count;
  return { ...storage(measured), tableBytes: sum('tableBytes'), indexBytes: sum('indexBytes') };
}
