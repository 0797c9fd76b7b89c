import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type LocalCloud, startLocalCloud } from '../../lib/local/cloud/cloud.ts';
import { type LocalDatabase, openLocalDatabase } from '../../lib/local/cloud/upstash/database.ts';
import type { ProcessOptions } from './sender-process.ts';
import { emptyTally, inFlightOf, type Result, resultOf, type Tally } from './senders.ts';

export interface Cell {
  readonly backend: 'aws' | 'redis';
  readonly senders: number;
  readonly ratePerSecond: number;
  readonly seconds: number;
}

/** Processes start, and code is compiled, before anything is measured. */
const WARM_UP_MS = 4_000;
const PROCESSES = 2;

/** DynamoDB, SES and, with `redis`, Upstash on this machine. */
export interface Cloud {
  readonly cloud: LocalCloud;
  readonly database?: LocalDatabase;
  close(): Promise<void>;
}

export async function startCloud(backend: Cell['backend']): Promise<Cloud> {
  const cloud = await startLocalCloud({ template, assetDirectory: '.', ses: { maxMessages: 100 } });
  const database = backend === 'redis' ? await openLocalDatabase() : undefined;
  const close = async () => {
    await cloud.close();
    await database?.close();
  };
  return { cloud, close, ...(database ? { database } : {}) };
}

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

/** What one cell measured, and the calls of DynamoDB and SES a second. */
export type Measured = Result & { readonly tableWritesPerSecond: number };

/** Bulk senders with a backlog in two processes, one transactional email a second in a third. */
export async function measure({ cloud, database }: Cloud, cell: Cell): Promise<Measured> {
  const { senders, ratePerSecond, seconds } = cell;
  cloud.ses.set({ sendRatePerSecond: ratePerSecond });
  const fromMs = Date.now() + WARM_UP_MS;
  const untilMs = fromMs + seconds * 1_000;
  const common = {
    endpoint: cloud.awsEndpoint,
    credentials: cloud.credentials,
    store: database ? { url: database.url, token: database.token } : { tableName: cloud.resource('Table').ref },
    configurationSet: cloud.resource('Set').ref,
    inFlight: inFlightOf(ratePerSecond, senders),
    untilMs,
  };
  const writes = () => cloud.calls.total({ action: 'UpdateItem' }) + cloud.calls.total({ action: 'PutItem' });
  const before = writes();
  const shares = Array.from({ length: Math.min(PROCESSES, senders) }, (_, at) =>
    Math.floor((senders + at) / Math.min(PROCESSES, senders)),
  );
  const tallies = await Promise.all([
    ...shares.map((some) => runProcess({ ...common, kind: 'bulk', senders: some })),
    runProcess({ ...common, kind: 'transactional', senders: 2 }),
  ]);
  const tally = tallies.reduce(added, emptyTally());
  const tableWritesPerSecond = (writes() - before) / (seconds + WARM_UP_MS / 1_000);
  return { ...resultOf(tally, ratePerSecond, fromMs, untilMs), tableWritesPerSecond };
}

async function runProcess(options: ProcessOptions): Promise<Tally> {
  const child = fork(join(import.meta.dirname, 'sender-process.ts'), [JSON.stringify(options)]);
  const ended = once(child, 'exit').then(() => {
    throw new Error('a process of the measurement ended without a result');
  });
  const [tally] = (await Promise.race([once(child, 'message'), ended])) as [Tally];
  return tally;
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
