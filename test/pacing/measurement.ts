import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type LocalCloud, startLocalCloud } from '../../lib/local/cloud/cloud.ts';
import { openLocalDatabase } from '../../lib/local/cloud/upstash/database.ts';
import type { ProcessOptions } from './sender-process.ts';
import { emptyTally, inFlightOf, type Result, resultOf, type Tally } from './senders.ts';

export interface Cell {
  readonly backend: 'aws' | 'redis';
  readonly senders: number;
  readonly ratePerSecond: number;
  readonly seconds: number;
}

/** Code is compiled before anything is measured. */
const WARM_UP_MS = 3_000;
const PROCESSES = 2;

const template = {
  Resources: {
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
      },
    },
    Set: { Type: 'AWS::SES::ConfigurationSet' },
  },
};

/** The measurements of one cell. */
export type Measured = Result & { readonly tableWritesPerSecond: number };

/**
 * Bulk senders with a backlog in two processes, one transactional email a second in a third; DynamoDB, or Upstash's protocol on a
 * redis-server, and SES on this machine.
 */
export async function measure(cell: Cell): Promise<Measured> {
  const ses = { maxMessages: 100, sendRatePerSecond: cell.ratePerSecond };
  const cloud = await startLocalCloud({ template, assetDirectory: '.', ses });
  const database = cell.backend === 'redis' ? await openLocalDatabase() : undefined;
  const store = database ? { url: database.url, token: database.token } : { tableName: cloud.resource('Table').ref };
  try {
    return await measureOn(cloud, store, cell);
  } finally {
    await cloud.close();
    await database?.close();
  }
}

async function measureOn(cloud: LocalCloud, store: ProcessOptions['store'], cell: Cell): Promise<Measured> {
  const { senders, ratePerSecond, seconds } = cell;
  const { awsEndpoint: endpoint, credentials } = cloud;
  const inFlight = inFlightOf(ratePerSecond, senders);
  const common = { endpoint, credentials, store, configurationSet: cloud.resource('Set').ref, inFlight };
  const count = Math.min(PROCESSES, senders);
  const shares = Array.from({ length: count }, (_, at) => Math.floor((senders + at) / count));
  const processes = await Promise.all([
    ...shares.map((some) => startProcess({ ...common, kind: 'bulk', senders: some })),
    startProcess({ ...common, kind: 'transactional', senders: 2 }),
  ]);
  const fromMs = Date.now() + WARM_UP_MS;
  const untilMs = fromMs + seconds * 1_000;
  const tallies = await Promise.all(processes.map((child) => run(child, untilMs)));
  const tally = tallies.reduce(added, emptyTally());
  const writes = cloud.calls.total({ action: 'UpdateItem' }) + cloud.calls.total({ action: 'PutItem' });
  const tableWritesPerSecond = writes / (seconds + WARM_UP_MS / 1_000);
  return { ...resultOf(tally, ratePerSecond, fromMs, untilMs), tableWritesPerSecond };
}

/** Resolves when the process is ready to send. */
async function startProcess(options: ProcessOptions): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'sender-process.ts'), [JSON.stringify(options)]);
  await answerOf(child);
  return child;
}

async function run(child: ChildProcess, untilMs: number): Promise<Tally> {
  child.send(untilMs);
  return (await answerOf(child)) as Tally;
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('a process of the measurement ended without a result');
  });
  const [answer] = await Promise.race([once(child, 'message'), ended]);
  return answer;
}

function added(one: Tally, other: Tally): Tally {
  return {
    sentAtMs: [...one.sentAtMs, ...other.sentAtMs],
    throttled: one.throttled + other.throttled,
    postponed: one.postponed + other.postponed,
    waitedMs: {
      transactional: [...one.waitedMs.transactional, ...other.waitedMs.transactional],
      bulk: [...one.waitedMs.bulk, ...other.waitedMs.bulk],
    },
  };
}
