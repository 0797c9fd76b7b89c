/** A process of the measurement, with several senders in it: each has its own pacer and clock, as a Lambda function has. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoTable } from '../../functions/adapters/aws/dynamodb/table.ts';
import { createSesAccount } from '../../functions/adapters/aws/ses-account.ts';
import { createSesClient, createSesMailer } from '../../functions/adapters/aws/ses-mailer.ts';
import { createRedisBackend } from '../../functions/adapters/redis/backend.ts';
import { createRedisClient } from '../../functions/adapters/redis/client.ts';
import { createPacer } from '../../functions/core/pacing/pacer.ts';
import { Throttled } from '../../functions/core/pacing/refusals.ts';
import { createSending } from '../../functions/core/pacing/sending-state.ts';
import { createSlotClock } from '../../functions/core/pacing/slot-clock.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import { emptyTally, type Sender, sendBulk, sendTransactional } from './senders.ts';

/** What a process is told at its start. */
export interface ProcessOptions {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The table of DynamoDB, or a database of Upstash's protocol. */
  readonly store: { readonly tableName: string } | { readonly url: string; readonly token: string };
  readonly configurationSet: string;
  readonly kind: 'bulk' | 'transactional';
  readonly senders: number;
  readonly inFlight: number;
}

const options = JSON.parse(process.argv[2] ?? '') as ProcessOptions;
const { endpoint, credentials, store } = options;
const aws = { endpoint, credentials, region: 'us-east-1' };
const now = Date.now;
const random = Math.random;
const log = { info: () => {}, warn: () => {}, error: (message: string) => process.stderr.write(`${message}\n`) };
const raw = Buffer.from('From: a@example.com\r\nTo: b@example.net\r\nSubject: Hello\r\n\r\nHello, B.\r\n');

function createTable(): Table {
  if ('tableName' in store) return createDynamoTable(new DynamoDBClient(aws), store.tableName);
  const namespace = 'pacing';
  return createRedisBackend(
    createRedisClient({ credentials: async () => store, namespace, invokeConsumer: async () => {} }),
  ).table;
}

/** Senders share connections: on two cores, fifty pools of them would be measured instead of the pacer. */
const table = createTable();
const client = createSesClient(aws);
const mailer = createSesMailer(options.configurationSet, client);
const account = createSesAccount(client);

function createSender(): Sender {
  const sending = createSending({ table, account, now, random, log });
  const clock = createSlotClock(table, 'email', now);
  return {
    pacer: createPacer({ clock, rate: sending.rate, now, random, wait: sleep }),
    now,
    wait: sleep,
    // As a claim does, it waits for an answer of the table.
    prepare: () => table.get('email'),
    send: async () => {
      const message = { emailId: 'e', from: 'a@example.com', destinations: ['b@example.net'], raw, tags: [] };
      try {
        await mailer.send(message);
        return true;
      } catch (error) {
        if (error instanceof Throttled) return false;
        throw error;
      }
    },
  };
}

/** Emails that are under way at the end have so long; those of a long backlog are left. */
const REST_MS = 3_000;

// All processes begin at the same time, with their code loaded and their connections open.
await table.get('email');
process.send?.('ready');
const [untilMs] = (await once(process, 'message')) as [number];

const tally = emptyTally();
const senders = Array.from({ length: options.senders }, createSender);
const work =
  options.kind === 'transactional'
    ? [sendTransactional(senders, { everyMs: 1_000, untilMs }, tally)]
    : senders.map((sender) => sendBulk(sender, { inFlight: options.inFlight, untilMs, recipients: () => 1 }, tally));
await Promise.race([Promise.all(work), sleep(untilMs + REST_MS - now())]);
process.send?.(tally, () => process.exit(0));
