import { BATCH_SIZE } from '../../lib/queues.ts';
import { createSegmentOf, sendBroadcast } from './broadcast-traffic.ts';
import { billRows, storage } from './cost.ts';
import { bill, type FunctionUse, type Line, type Stored, type Use } from './prices.ts';
import { countCommands, redisMemoryBytes } from './redis-commands.ts';
import { MAIL_SERVER_MS } from './speed.ts';
import { type StoredBytes, storedBytes } from './stored.ts';
import { type Measured, startCounting, withEdges } from './use.ts';
import { holdReceives } from './workers.ts';

type Rows = [string, string][];
type MakeList = (count: number) => readonly object[];

/** SES reports that it took an email, and that it was delivered. */
const EVENTS_AN_EMAIL = 2;
/** Ten of a chunk's 50 recipients are sent to at the same time; each waits for SES and for the write of its record. */
const ROUNDS = 5;
const CHUNK_RECIPIENTS = 50;
/** On AWS: claim, contacts, suppressions, end of the chunk, counters. */
const CHUNK_WAIT_MS = 50;
const WRITE_MS = 8;
/** The pace of an account without more than SES gives at first, and of one of a year. */
const RATES = [14, 200];

/** Answers the cost of a recipient of a broadcast, of a list and of a segment. Its contacts are stored whether it is sent or not. */
export async function broadcastCost(measured: Measured, recipients: number, listOf: MakeList): Promise<Rows> {
  const { local } = measured;
  local.cloud.ses.set({ latencyMs: 0 });
  const segmentId = await createSegmentOf(local, recipients);
  const list = await costOf(measured, recipients, () => sendBroadcast(local, { recipients: listOf(recipients) }));
  const segment = await costOf(measured, recipients, () => sendBroadcast(local, { segmentId }));
  return [
    ['$ per million recipients', 'of a list, of a segment'],
    ...billRows([list, segment]),
    ...(local.redis ? [] : RATES.map((rate) => pacedRow(measured, rate))),
  ];
}

async function costOf(measured: Measured, recipients: number, send: () => Promise<unknown>): Promise<Line[]> {
  const { local, template } = measured;
  const { cloud } = local;
  await fed(measured);
  const storedBefore = local.redis ? undefined : await storedBytes(local);
  const memoryBefore = local.redis ? await redisMemoryBytes(local) : 0;
  const commands = local.redis ? await countCommands(local) : async () => 0;
  const release = holdReceives(local, 'Feedback');
  const count = startCounting(measured);
  await send();
  // All reports wait, so that the batches are full but the last.
  await cloud.ses.flushEvents();
  release();
  await fed(measured);
  const use = withEdges(count(/^(?!operator|.*(Schedule|Api|Watchdog))/), template, {
    httpRequests: 1,
    snsPublishes: recipients * EVENTS_AN_EMAIL,
  });
  const redisCommands = await commands();
  const stored = storedBefore
    ? { ...storage(measured), ...difference(storedBefore, await storedBytes(local), recipients) }
    : { ...storage(measured), redisBytes: ((await redisMemoryBytes(local)) - memoryBefore) / recipients };
  return bill({ ...withWaits(use, recipients), redisCommands }, recipients, stored);
}

/** Waits until feedback has taken all reports. The job that counts a broadcast again waits for an hour, so that the cloud is never idle. */
async function fed({ local: { cloud } }: Measured): Promise<void> {
  const { stats, pending } = cloud.function('FeedbackFunction');
  for (let [before, quiet] = [-1, 0]; quiet < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { invocations } = stats();
    quiet = invocations === before && pending() === 0 ? quiet + 1 : 0;
    before = invocations;
  }
}

/** The waits on AWS: the chunks of an invocation wait at the same time. */
function withWaits(use: Use, recipients: number): Use {
  const sending = ROUNDS * (MAIL_SERVER_MS + WRITE_MS) + CHUNK_WAIT_MS;
  const invocations = recipients / CHUNK_RECIPIENTS / BATCH_SIZE;
  const functions = use.functions.map(
    (one): FunctionUse =>
      /^(send|redisconsumer)$/.test(one.name) ? { ...one, waitMs: (sending * invocations) / one.invocations } : one,
  );
  return { ...use, functions };
}

function difference(
  before: ReadonlyMap<string, StoredBytes>,
  after: ReadonlyMap<string, StoredBytes>,
  recipients: number,
): Pick<Stored, 'tableBytes' | 'indexBytes'> {
  const grown = (field: 'tableBytes' | 'indexBytes') =>
    [...after].reduce((sum, [kind, now]) => sum + now[field] - (before.get(kind)?.[field] ?? 0), 0) / recipients;
  return { tableBytes: grown('tableBytes'), indexBytes: grown('indexBytes') };
}

/** Functions wait for turns: at a low rate they run longer than they work. */
function pacedRow({ local }: Measured, ratePerSecond: number): [string, string] {
  const { definition } = local.cloud.function('SendFunction');
  const gbSeconds = (definition.memoryMegabytes / 1024) * (1e6 / ratePerSecond);
  const dollars = gbSeconds * 0.0000133334;
  return [
    `  more at ${ratePerSecond}/s, for each send function`,
    `$${dollars.toFixed(2)}   it waits for turns ${(1e6 / ratePerSecond / 3_600).toFixed(1)} hours (arithmetic)`,
  ];
}
