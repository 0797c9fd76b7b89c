import { submitInParallel, updateThenSend } from '../../functions/adapters/aws/backend.ts';
import { contactId } from '../../functions/core/audience/contact.ts';
import { upsertContacts } from '../../functions/core/audience/contacts.ts';
import { addMembers } from '../../functions/core/audience/membership.ts';
import { createSegment } from '../../functions/core/audience/segments.ts';
import { type Broadcast, broadcastKey } from '../../functions/core/broadcast/broadcast.ts';
import { readCounts } from '../../functions/core/broadcast/counting/progress.ts';
import { recountBroadcast } from '../../functions/core/broadcast/counting/recount.ts';
import { createChunkGate } from '../../functions/core/broadcast/delivery/chunk-gate.ts';
import { deliver } from '../../functions/core/broadcast/delivery/deliver.ts';
import { fanOut } from '../../functions/core/broadcast/delivery/fan-out.ts';
import { guard } from '../../functions/core/broadcast/delivery/guard.ts';
import { handOverBroadcasts } from '../../functions/core/broadcast/delivery/handover.ts';
import { createBroadcastReader } from '../../functions/core/broadcast/delivery/reader.ts';
import { sendBroadcast } from '../../functions/core/broadcast/lifecycle.ts';
import { createBroadcast, type NewBroadcast } from '../../functions/core/broadcast/store.ts';
import { type BroadcastDependencies, broadcastTasks } from '../../functions/core/broadcast/tasks.ts';
import { createWriters } from '../../functions/core/document/writers.ts';
import { submitEmails } from '../../functions/core/email/accept/submit.ts';
import { parseEmail } from '../../functions/core/email/email.ts';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import { createClaims } from '../../functions/core/email/send/claims.ts';
import { emailTasks, type SendDependencies } from '../../functions/core/email/send/send.ts';
import { processFeedback } from '../../functions/core/feedback/feedback.ts';
import { newId } from '../../functions/core/ids.ts';
import { createPacer } from '../../functions/core/pacing/pacer.ts';
import { createSlotClock } from '../../functions/core/pacing/slot-clock.ts';
import type { Backend } from '../../functions/core/ports/backend.ts';
import type { OutgoingMessage } from '../../functions/core/ports/mailer.ts';
import type { LogFields } from '../../functions/core/ports/telemetry.ts';
import { Postponed } from '../../functions/core/task/task.ts';
import { createWorker } from '../../functions/core/task/worker.ts';
import { createSimulatedQueue } from '../pacing/simulated-queue.ts';
import { createMemoryBackend } from './memory-backend.ts';
import { createMortalPorts } from './mortal-ports.ts';
import { randomFrom } from './random-text.ts';
import { createRecordedMetrics } from './recorded-metrics.ts';
import { repeatingTable } from './repeating-table.ts';
import { createSimulatedTime } from './simulated-time.ts';
import { createTableMeter, type TableMeter } from './table-meter.ts';

/** As in the template. */
const TIMEOUT_MS = 60_000;
const VISIBILITY_MS = 6 * TIMEOUT_MS;
const RETENTION_MS = 30 * 86_400_000;
/** SES takes a message in this time; its Send event arrives a second later. */
const SES_MS = 60;
const SEND_EVENT_MS = 1_000;

export interface SimulationOptions {
  readonly ratePerSecond?: number;
  /** As on Redis: jobs are delayed for any time, and no schedule runs each minute. */
  readonly withoutSchedule?: boolean;
  /** Invocations at the same time, of each queue. */
  readonly workers?: number;
  /** The call of a port, counted from 1, at which its worker is killed; before or after it takes effect. */
  readonly crash?: { readonly at: number; readonly when: 'before' | 'after' };
  /** Called before each call of a port: true kills the worker. */
  readonly kills?: (call: string, when: 'before' | 'after') => boolean;
  /** Called with the key of each write: true loses its answer, and the client repeats it. */
  readonly losesAnswer?: (key: string) => boolean;
  /** Called before SES takes a message; throws to refuse it. */
  readonly onSend?: (message: OutgoingMessage, nowMs: number) => void;
  /** The offset of each worker's clock, ms. */
  readonly clockOffsetMs?: (worker: number) => number;
}

export type BroadcastSimulation = ReturnType<typeof createBroadcastSimulation>;

/** Workers that send broadcasts, on queues and a table in memory, in simulated time. They can be killed at every call of a port. */
export function createBroadcastSimulation(options: SimulationOptions = {}) {
  const {
    ratePerSecond = 100,
    workers = 2,
    crash,
    kills,
    losesAnswer,
    onSend,
    clockOffsetMs = () => 0,
    withoutSchedule,
  } = options;
  const time = createSimulatedTime();
  const random = randomFrom(11);
  const memory = createMemoryBackend({ now: time.now });
  const meter: TableMeter = createTableMeter(memory.table);
  const { table } = meter;
  const queues = {
    transactional: createSimulatedQueue('transactional', time),
    bulk: createSimulatedQueue('bulk', time, { fair: true }),
  };
  const broker = {
    send: async (jobs: Parameters<Backend['broker']['send']>[0], senderMs?: number) => {
      for (const queue of ['transactional', 'bulk'] as const) {
        const own = jobs.filter((job) => job.queue === queue);
        if (own.length > 0) await queues[queue].send(own, senderMs);
      }
    },
  };
  const backend: Backend = {
    ...{ ...memory, table, broker, updateAndSend: updateThenSend({ table, broker }) },
    ...(withoutSchedule ? { delayHorizonMs: Number.POSITIVE_INFINITY } : {}),
    submit: (submissions) => submitInParallel({ table, bodies: memory.bodies, broker }, submissions),
  };
  const sent: { readonly emailId: string; readonly to: string; readonly broadcastId: string; readonly atMs: number }[] =
    [];
  const calls: string[] = [];
  const logged: { readonly level: string; readonly message: string; readonly fields: LogFields | undefined }[] = [];
  const at = (level: string) => (message: string, fields?: LogFields) => void logged.push({ level, message, fields });
  const log = { info: at('info'), warn: at('warn'), error: at('error') };
  const metrics = createRecordedMetrics();
  let killed = 0;
  let lastAtMs = 0;

  const asWriter = createWriters(time.now);
  const feedback = async (message: OutgoingMessage, messageId: string, sentAtMs: number) => {
    await time.wait(SEND_EVENT_MS);
    const tags = Object.fromEntries(message.tags.map(({ name, value }) => [name, [value]]));
    const mail = {
      ...{ timestamp: new Date(sentAtMs).toISOString(), messageId, destination: message.destinations },
      ...{
        source: message.from,
        commonHeaders: { subject: 'Hello' },
        tags: { ...tags, [EMAIL_ID_TAG]: [message.emailId] },
      },
    };
    const event = { id: messageId, body: JSON.stringify({ eventType: 'Send', mail, send: {} }) };
    await processFeedback([event], {
      ...{ table: memory.table, asWriter, publish: async () => {}, log, now: time.now, retentionMs: RETENTION_MS },
    });
  };
  const mailer = {
    send: async (message: OutgoingMessage) => {
      await time.wait(SES_MS);
      onSend?.(message, time.now());
      const messageId = `message-${sent.length}`;
      const broadcastId = message.tags[0]?.value ?? '';
      sent.push({ emailId: message.emailId, to: message.destinations[0] ?? '', broadcastId, atMs: time.now() });
      lastAtMs = time.now();
      void feedback(message, messageId, time.now());
      return messageId;
    },
  };

  /** The ports of one invocation: after a kill none of its calls has an effect. */
  const invocation = () => {
    const death = Promise.withResolvers<void>();
    const { guard } = createMortalPorts({
      calls,
      isKilled: (call, when, number) => (crash?.at === number && crash.when === when) || (kills?.(call, when) ?? false),
      onKill: () => {
        killed++;
        death.resolve();
      },
    });
    return {
      death: death.promise,
      table: guard('table', losesAnswer ? repeatingTable(table, losesAnswer) : table),
      broker: guard('broker', broker),
      mailer: guard('mailer', mailer),
    };
  };

  // A gate belongs to a process, which lives longer than its invocations.
  const gates = Array.from({ length: workers }, (_, number) =>
    createChunkGate(() => time.now() + clockOffsetMs(number), time.wait),
  );
  const work = (number: number, { table, broker: port, mailer }: ReturnType<typeof invocation>) => {
    const now = () => time.now() + clockOffsetMs(number);
    const broker: Backend['broker'] = { send: (jobs) => port.send(jobs, now()) };
    const gate = gates[number] ?? createChunkGate(now, time.wait);
    const own: Backend = { ...backend, table, broker, updateAndSend: updateThenSend({ table, broker }) };
    const clock = createSlotClock(table, 'ses', now);
    const pacer = createPacer({ clock, rate: async () => ratePerSecond, now, random, wait: time.wait });
    const reader = createBroadcastReader({
      ...{ table, properties: async () => [], toText: async () => undefined, footer: true, now },
    });
    const send: SendDependencies = {
      ...{ table, bodies: memory.bodies, broker, mailer, pacer, metrics, giveUpAfterMs: RETENTION_MS },
      sending: { hold: async (_cause, reason) => new Postponed(reason, 60), sent: async () => {} },
      compose: async (_record, body) => Buffer.from(body.html ?? ''),
      publish: async () => {},
      optedOut: async () => new Set<string>(),
      claims: createClaims({ table, now, log }),
      wait: time.wait,
    };
    const dependencies: SendDependencies & BroadcastDependencies = {
      ...send,
      broadcasts: async () => ({
        ...{ fanOut, guard, deliver, recountBroadcast },
        dependencies: {
          ...{ ...send, backend: own, reader, gate, retentionMs: RETENTION_MS },
          unsubscribe: async () => ({ url: 'https://example.com/u', headers: {} }),
          pace: async () => ({ ratePerSecond, held: false }),
        },
      }),
    };
    return createWorker<SendDependencies & BroadcastDependencies>({
      ...{ tasks: [...emailTasks, ...broadcastTasks], dependencies, broker, log, concurrency: 10, now },
      random,
    });
  };

  for (const queue of Object.values(queues))
    for (let number = 0; number < workers; number++)
      void (async () => {
        for (let deliveries = await queue.receive(); deliveries; deliveries = await queue.receive()) {
          const ports = invocation();
          const untilMs = time.now() + TIMEOUT_MS;
          const timeout = time.wait(TIMEOUT_MS + 60_000);
          const run = work(number, ports)(deliveries, () => untilMs + clockOffsetMs(number));
          const all = deliveries.map(({ id }) => id);
          const failed = await Promise.race([
            run.catch(() => all),
            ports.death.then(() => all),
            timeout.then(() => all),
          ]);
          queue.settle(deliveries, failed, VISIBILITY_MS);
        }
      })();

  const dependencies = { backend, now: time.now, newId, retentionMs: RETENTION_MS };
  const audience = { table, asWriter, publish: async () => {}, now: time.now };
  const broadcast = (id: string) => memory.table.get<Broadcast>(broadcastKey(id));

  return {
    ...{ time, table, backend, queues, sent, calls, logged, meter, dependencies, audience, broadcast },
    killed: () => killed,
    lastAtMs: () => lastAtMs,
    counts: (id: string) => readCounts(memory.table, id),
    /** Creates a segment with so many contacts; answers its id and theirs. */
    segment: async (contacts: number, prefix = 'c') => {
      const { id } = await createSegment('Everybody', { table: memory.table, now: time.now, newId });
      const addresses = Array.from({ length: contacts }, (_, index) => `${prefix}${index}@example.com`);
      await upsertContacts(
        { ...audience, table: memory.table },
        addresses.map((email) => ({ email })),
      );
      await addMembers({ table: memory.table, asWriter }, id, addresses.map(contactId), time.now());
      await time.runUntil(time.now() + 2_000);
      return { id, contactIds: addresses.map(contactId) };
    },
    create: async (fields: Partial<NewBroadcast>): Promise<string> => {
      const content = { subject: 'Hello {{{FIRST_NAME|you}}}', html: '<p>Hello</p>' };
      return (await createBroadcast({ from: 'News <news@example.com>', content, ...fields }, dependencies)).id;
    },
    /** Accepts an email on the transactional queue; answers its id. */
    accept: async (to: string) => {
      const email = await parseEmail(
        { from: 'shop@example.com', to, subject: 'Order', html: '<p>Order</p>' },
        time.now(),
      );
      const request = { emails: [email], payload: to, queue: 'transactional', keyId: 'key' } as const;
      return (await submitEmails(request, { ...dependencies, metrics }))[0] ?? '';
    },
    send: (id: string, scheduledAtMs?: number) => sendBroadcast(id, { scheduledAtMs }, dependencies),
    /** The run of each minute. */
    schedule: () => handOverBroadcasts({ backend, now: time.now, log, deadlineMs: time.now() + 50_000 }),
    /** Lets time pass until the broadcast has this status; runs the schedule each minute. */
    runUntil: async (id: string, statuses: readonly string[] = ['sent', 'failed'], mostMs = 4 * 3_600_000) => {
      const endMs = time.now() + mostMs;
      for (let minute = 0; time.now() < endMs; minute++) {
        if (statuses.includes((await broadcast(id))?.status ?? '')) return;
        await time.runUntil(time.now() + 1_000);
        if (minute % 60 === 59 && !withoutSchedule)
          await handOverBroadcasts({ backend, now: time.now, log, deadlineMs: time.now() + 50_000 });
      }
      throw new Error(`the broadcast is still ${(await broadcast(id))?.status}`);
    },
    /** The numbers of addresses that got an email, none, or more than one. */
    summary: (addresses: number) => {
      const times = Map.groupBy(sent, ({ broadcastId, to }) => `${broadcastId} ${to}`);
      return {
        sent: times.size,
        lost: addresses - times.size,
        twice: [...times.values()].filter(({ length }) => length > 1).length,
      };
    },
    close: () => {
      for (const queue of Object.values(queues)) queue.close();
    },
  };
}
