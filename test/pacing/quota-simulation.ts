import type { SESClient } from '@aws-sdk/client-ses';
import { submitInParallel, updateThenSend } from '../../functions/adapters/aws/backend.ts';
import { createSesAccount } from '../../functions/adapters/aws/ses-account.ts';
import { createSesMailer } from '../../functions/adapters/aws/ses-mailer.ts';
import { submitEmails } from '../../functions/core/email/accept/submit.ts';
import { parseEmail } from '../../functions/core/email/email.ts';
import { type EmailRecord, recordKey } from '../../functions/core/email/record.ts';
import { createClaims } from '../../functions/core/email/send/claims.ts';
import { emailTasks } from '../../functions/core/email/send/send.ts';
import { newId } from '../../functions/core/ids.ts';
import { createPacer } from '../../functions/core/pacing/pacer.ts';
import { createSending, SCHEDULE_STOPPED_MS } from '../../functions/core/pacing/sending-state.ts';
import { createSlotClock } from '../../functions/core/pacing/slot-clock.ts';
import type { Broker } from '../../functions/core/ports/broker.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import { createWorker, type Worker } from '../../functions/core/task/worker.ts';
import { parseConfig } from '../../lib/config.ts';
import { createSes, type Ses } from '../../lib/local/cloud/ses/ses.ts';
import type { SesSettings } from '../../lib/local/cloud/ses/ses-options.ts';
import { prices } from '../bench/prices.ts';
import { createMemoryBackend } from '../helpers/memory-backend.ts';
import { randomFrom } from '../helpers/random-text.ts';
import { createRecordedMetrics } from '../helpers/recorded-metrics.ts';
import { createSimulatedTime, type SimulatedTime } from '../helpers/simulated-time.ts';
import { createSimulatedQueue, type SimulatedQueue } from './simulated-queue.ts';

export interface QuotaScenario {
  readonly emails: number;
  readonly queue: 'transactional' | 'bulk';
  readonly ses: SesSettings;
  /** Changes of SES's settings: hours after the start → settings. */
  readonly changes?: Readonly<Record<number, SesSettings>>;
  /** The emails arrive at this rate; all at once if absent. */
  readonly arrivalsPerSecond?: number;
}

/** What it took until no job was left. */
export interface QuotaResult {
  readonly sent: number;
  readonly failed: number;
  readonly deadLetters: number;
  readonly hours: number;
  readonly sesCalls: number;
  /** Calls that SES refused for its rate, its quota or a pause. */
  readonly refused: number;
  readonly sqsRequests: number;
  readonly tableWrites: number;
  readonly invocations: number;
  readonly gbSeconds: number;
  /** Of SQS, table and Lambda, for all emails. */
  readonly dollars: number;
}

const START_MS = Date.parse('2026-11-21T12:00:00Z');
const FUNCTION_MS = 60_000;
const GIVE_UP_AFTER_MS = parseConfig({}).giveUpAfterHours * 3_600_000;
const MEMORY_GB = 0.5;
/** Executions at once, as by default. */
const CONCURRENCY = { transactional: 4, bulk: 2 };
/** The times of calls, in ms. */
const TABLE_MS = 6;
const SES_MS = 80;
const INVOCATION_MS = 3;

/** Sends emails with the real task and worker within the limits of the local SES, in simulated time. */
export async function simulateQuota(scenario: QuotaScenario): Promise<QuotaResult> {
  const time = createSimulatedTime({ startMs: START_MS });
  const random = randomFrom(11);
  const counted = { sesCalls: 0, refused: 0, tableWrites: 0, invocations: 0, lambdaMs: 0 };
  const ses = await createSes({ ...scenario.ses, now: time.now, maxMessages: 1 });
  ses.putConfigurationSet('set');
  const { table, bodies } = createMemoryBackend({ now: time.now });
  const queue = createSimulatedQueue(scenario.queue, time);
  const client = clientOf(ses, time, counted);
  const ids = await accept(scenario, { table, bodies, queue, time });
  const slow = withLatency(table, time, counted);

  /** One execution environment of the function: its own caches, as in a process. */
  const createProcess = (): Worker => {
    const { now, wait } = time;
    const sending = createSending({
      table: slow,
      account: createSesAccount(client),
      staleMs: SCHEDULE_STOPPED_MS,
      now,
      random,
      log,
    });
    return createWorker({
      tasks: emailTasks,
      dependencies: {
        table: slow,
        bodies,
        broker: queue,
        mailer: createSesMailer('set', client),
        pacer: createPacer({ clock: createSlotClock(slow, 'email', now), rate: sending.rate, now, random, wait }),
        sending,
        giveUpAfterMs: GIVE_UP_AFTER_MS,
        compose: async () => raw,
        publish: async () => {},
        optedOut: async () => new Set<string>(),
        metrics: createRecordedMetrics(),
        claims: createClaims({ table: slow, now, log }),
        wait,
      },
      broker: queue,
      log,
      concurrency: 10,
      now,
      random,
    });
  };

  const processes = Array.from({ length: CONCURRENCY[scenario.queue] }, () =>
    serve(queue, createProcess(), time, counted),
  );
  const schedule = createSending({ table: slow, account: createSesAccount(client), now: time.now, random, log });
  const minutes = async () => {
    for (let minute = 0; queue.size > 0; minute++) {
      if (minute % 60 === 0) ses.set(scenario.changes?.[minute / 60] ?? {});
      await schedule.refresh();
      await time.wait(60_000);
    }
    queue.close();
  };
  await time.run(Promise.all([...processes, minutes()]));
  await ses.close();

  const records = await Promise.all(ids.map((id) => table.get<EmailRecord>(recordKey(id))));
  const { sesCalls, refused, tableWrites, invocations, lambdaMs } = counted;
  const gbSeconds = (lambdaMs / 1_000) * MEMORY_GB;
  return {
    sent: records.filter((record) => record?.status === 'sent').length,
    failed: records.filter((record) => record?.status === 'failed').length,
    deadLetters: queue.deadLetters,
    hours: (time.now() - START_MS) / 3_600_000,
    sesCalls,
    refused,
    sqsRequests: queue.requests,
    tableWrites,
    invocations,
    gbSeconds,
    dollars:
      (queue.requests * prices.sqsPerMillion +
        tableWrites * prices.dynamoWriteUnitsPerMillion +
        invocations * prices.lambdaRequestsPerMillion) /
        1_000_000 +
      gbSeconds * prices.lambdaPerGbSecond,
  };
}

const log = { info: () => {}, warn: () => {}, error: () => {} };
const raw = Buffer.from('From: a@example.com\r\nTo: b@example.net\r\nSubject: Hello\r\n\r\nHello, B.\r\n');

interface Counted {
  sesCalls: number;
  refused: number;
  tableWrites: number;
  invocations: number;
  lambdaMs: number;
}

/** Receives and works until the queue is closed, as an event source mapping with one execution does. */
async function serve(queue: SimulatedQueue, worker: Worker, time: SimulatedTime, counted: Counted): Promise<void> {
  for (let batch = await queue.receive(); batch; batch = await queue.receive()) {
    const startedAtMs = time.now();
    await time.wait(INVOCATION_MS);
    const failed = await worker(batch, () => startedAtMs + FUNCTION_MS);
    counted.invocations++;
    counted.lambdaMs += time.now() - startedAtMs;
    queue.settle(batch, failed, 6 * FUNCTION_MS);
  }
}

/** Accepts the emails before the clock starts; their jobs arrive later. */
async function accept(
  { emails, queue: name, arrivalsPerSecond = Number.POSITIVE_INFINITY }: QuotaScenario,
  {
    table,
    bodies,
    queue,
    time,
  }: Pick<ReturnType<typeof createMemoryBackend>, 'table' | 'bodies'> & {
    queue: SimulatedQueue;
    time: SimulatedTime;
  },
): Promise<string[]> {
  let arrived = 0;
  const broker: Broker = {
    send: (jobs) =>
      queue.send(
        jobs.map(({ job, ...rest }) => ({
          ...rest,
          job: { ...job, dueAtMs: time.now() + Math.floor(arrived++ / arrivalsPerSecond) * 1_000 },
        })),
      ),
  };
  const parts = { table, bodies, broker };
  const backend = {
    ...parts,
    delayHorizonMs: 840_000,
    submit: (submissions: Parameters<typeof submitInParallel>[1]) => submitInParallel(parts, submissions),
    updateAndSend: updateThenSend(parts),
  };
  const input = { from: 'a@example.com', to: 'success@simulator.amazonses.com', subject: 'Hello', text: 'Hello, B.' };
  const email = await parseEmail(input, time.now());
  const dependencies = {
    backend,
    now: time.now,
    newId,
    retentionMs: 30 * 86_400_000,
    metrics: createRecordedMetrics(),
  };
  const ids: string[] = [];
  while (ids.length < emails) {
    const some = Array.from({ length: Math.min(100, emails - ids.length) }, () => email);
    const request = { emails: some, payload: '', queue: name, keyId: 'key' };
    ids.push(...(await submitEmails(request, dependencies)));
  }
  return ids;
}

/** The client of SES's API, answered by the local SES without a socket, so that simulated time does not pass it by. */
function clientOf(ses: Ses, time: SimulatedTime, counted: Counted): SESClient {
  const ask = async (command: { input: Record<string, unknown> }) => {
    const { input } = command;
    const isSend = 'RawMessage' in input;
    await time.wait(SES_MS / 2);
    const params = new URLSearchParams({ Action: isSend ? 'SendRawEmail' : 'GetSendQuota' });
    if (isSend) {
      counted.sesCalls++;
      params.set('Source', String(input.Source));
      for (const [index, address] of (input.Destinations as string[]).entries())
        params.set(`Destinations.member.${index + 1}`, address);
      params.set('ConfigurationSetName', String(input.ConfigurationSetName));
      params.set('RawMessage.Data', raw.toString('base64'));
    }
    const { status, body } = await ses.query(params);
    await time.wait(SES_MS / 2);
    const element = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1] ?? '';
    if (status !== 200) {
      counted.refused++;
      throw Object.assign(new Error(element('Message')), {
        name: element('Code'),
        $metadata: { httpStatusCode: status },
        $fault: 'client',
      });
    }
    if (isSend) return { MessageId: element('MessageId') };
    const names = ['Max24HourSend', 'MaxSendRate', 'SentLast24Hours'];
    return Object.fromEntries(names.map((name) => [name, Number(element(name))]));
  };
  return { send: ask } as unknown as SESClient;
}

/** The table with the time its calls take, its writes counted. */
function withLatency(table: Table, time: SimulatedTime, counted: Counted): Table {
  return new Proxy(table, {
    get: (target, property, receiver) => {
      const method = Reflect.get(target, property, receiver);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        if (property === 'update' || property === 'insert') counted.tableWrites++;
        await time.wait(TABLE_MS);
        return method.apply(target, args);
      };
    },
  });
}
