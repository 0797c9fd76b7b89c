import { optedOut } from '../../functions/core/audience/opted-out.ts';
import { type SubmitRequest, submitEmails } from '../../functions/core/email/accept/submit.ts';
import { parseEmail } from '../../functions/core/email/email.ts';
import { type EmailRecord, recordKey } from '../../functions/core/email/record.ts';
import { type Claims, createClaims } from '../../functions/core/email/send/claims.ts';
import { emailSend, emailSent, type SendDependencies } from '../../functions/core/email/send/send.ts';
import { newId } from '../../functions/core/ids.ts';
import type { Pacer } from '../../functions/core/pacing/pacer.ts';
import type { Backend } from '../../functions/core/ports/backend.ts';
import type { Delivery } from '../../functions/core/ports/broker.ts';
import type { Mailer, OutgoingMessage } from '../../functions/core/ports/mailer.ts';
import type { LogFields } from '../../functions/core/ports/telemetry.ts';
import type { QueueName } from '../../functions/core/queues.ts';
import { Postponed } from '../../functions/core/task/task.ts';
import { createWorker } from '../../functions/core/task/worker.ts';
import type { Publish } from '../../functions/core/webhook/dispatch.ts';
import { options } from '../../lib/config/options.ts';
import { createMemoryBackend, type MemoryBackend } from './memory-backend.ts';
import { createMortalPorts } from './mortal-ports.ts';
import { createRecordedMetrics } from './recorded-metrics.ts';

/** The ports of a worker. */
export type WorkerPorts = Pick<Backend, 'table' | 'bodies' | 'broker'> & {
  readonly mailer: Mailer;
  readonly publish?: Publish;
  readonly pacer?: Pacer;
  readonly sending?: SendDependencies['sending'];
};

export interface Simulation {
  readonly backend: MemoryBackend;
  /** The messages that the provider took, in order. */
  readonly sent: OutgoingMessage[];
  /** The bodies of jobs that were received too often. */
  readonly deadLetters: string[];
  readonly metrics: ReturnType<typeof createRecordedMetrics>;
  readonly logged: { readonly level: string; readonly message: string; readonly fields: LogFields | undefined }[];
  readonly clock: { nowMs: number };
  /** One function for each of the next messages: the provider refuses if it throws, and takes the message if it returns. */
  readonly answers: (() => void)[];
  /** The time to fetch the attachments of each email, in ms. */
  readonly fetchTimes: number[];
  accept(input?: Record<string, unknown>, request?: Partial<SubmitRequest>): Promise<string>;
  record(id: string): Promise<EmailRecord>;
  /** Runs jobs as one invocation of a worker on these ports; answers the deliveries that must not be acknowledged. */
  work(deliveries: readonly Delivery[], ports?: WorkerPorts): Promise<string[]>;
  /** The claims of workers on `ports`. */
  readonly claims: Claims;
  /** The default ports of a worker. */
  readonly ports: WorkerPorts;
  /** Keeps a delivery for the visibility timeout, as a queue does without an acknowledgement. */
  returnToQueue(delivery: Delivery): void;
  /** Delivers the jobs that are due and sets the clock to the next ones, until none is left. */
  runUntilQuiet(ports?: () => WorkerPorts): Promise<void>;
}

export const FUNCTION_TIMEOUT_MS = 60_000;
/** How long an email of a simulation may wait for an account that does not send. */
export const GIVE_UP_AFTER_MS = options.giveUpAfterHours.default * 3_600_000;
export const VISIBILITY_TIMEOUT_MS = 6 * FUNCTION_TIMEOUT_MS;
const MAX_RECEIVES = 5;
const START_MS = Date.parse('2026-11-21T12:00:00Z');

/** Accepts and sends on the ports in memory, with a queue that redelivers and a clock that only jumps. */
export function createSimulation(): Simulation {
  const clock = { nowMs: START_MS };
  const now = () => clock.nowMs;
  const backend = createMemoryBackend({ now });
  const sent: OutgoingMessage[] = [];
  const answers: (() => void)[] = [];
  const logged: Simulation['logged'][number][] = [];
  const deadLetters: string[] = [];
  const fetchTimes: number[] = [];
  const returned: { delivery: Delivery; visibleAtMs: number }[] = [];
  const receives = new Map<string, number>();
  const metrics = createRecordedMetrics();
  const at = (level: string) => (message: string, fields?: LogFields) => void logged.push({ level, message, fields });
  const log = { info: at('info'), warn: at('warn'), error: at('error') };
  const mailer: Mailer = {
    send: async (message) => {
      answers.shift()?.();
      sent.push(message);
      return `message-${sent.length}`;
    },
  };
  const ports: WorkerPorts = { table: backend.table, bodies: backend.bodies, broker: backend.broker, mailer };

  const claims = createClaims({ table: backend.table, now, log });

  const work: Simulation['work'] = (deliveries, using = ports) => {
    const deadlineMs = clock.nowMs + FUNCTION_TIMEOUT_MS;
    return createWorker({
      tasks: [emailSend, emailSent],
      dependencies: {
        publish: async () => {},
        optedOut: (topicId, addresses) => optedOut(backend.table, topicId, addresses),
        ...unpaced(now),
        ...using,
        compose: async (_record, body, fetchMs) => {
          fetchTimes.push(fetchMs);
          return Buffer.from(body.text ?? '');
        },
        wait: async () => {},
        metrics,
        claims: using === ports ? claims : createClaims({ table: using.table, now, log }),
      },
      broker: using.broker,
      log,
      concurrency: 10,
      now,
      random: () => 0.5,
    })(deliveries, () => deadlineMs);
  };

  const returnToQueue = (delivery: Delivery) => {
    const count = (receives.get(delivery.id) ?? 0) + 1;
    receives.set(delivery.id, count);
    if (count >= MAX_RECEIVES) deadLetters.push(delivery.body);
    else returned.push({ delivery, visibleAtMs: clock.nowMs + VISIBILITY_TIMEOUT_MS });
  };

  const takeDue = async (): Promise<Delivery[]> => {
    const visible = returned.filter(({ visibleAtMs }) => visibleAtMs <= clock.nowMs);
    for (const one of visible) returned.splice(returned.indexOf(one), 1);
    const queues: QueueName[] = ['transactional', 'bulk'];
    const fresh = await Promise.all(queues.map((queue) => backend.receive(queue)));
    return [...visible.map(({ delivery }) => delivery), ...fresh.flat()];
  };

  const runUntilQuiet: Simulation['runUntilQuiet'] = async (portsOf = () => ports) => {
    for (let rounds = 0; rounds < 5_000; rounds++) {
      const deliveries = await takeDue();
      const failed = await work(deliveries, portsOf());
      for (const delivery of deliveries) if (failed.includes(delivery.id)) returnToQueue(delivery);
      if (deliveries.length > 0) continue;
      const times = [
        ...backend
          .waiting()
          .filter(({ queue }) => queue !== 'webhook')
          .map(({ job }) => job.dueAtMs ?? 0),
        ...returned.map(({ visibleAtMs }) => visibleAtMs),
      ];
      if (times.length === 0) return;
      clock.nowMs = Math.max(clock.nowMs, Math.ceil(Math.min(...times)));
    }
    throw new Error('the queue does not become quiet');
  };

  return {
    backend,
    sent,
    deadLetters,
    fetchTimes,
    metrics,
    logged,
    clock,
    answers,
    claims,
    ports,
    work,
    returnToQueue,
    runUntilQuiet,
    accept: async (input = {}, request = {}) => {
      const email = await parseEmail({ ...plainEmail, ...input }, now(), { checkTopic: async () => {} });
      const payload = JSON.stringify({ ...plainEmail, ...input });
      const whole = { emails: [email], payload, queue: 'transactional', keyId: 'key', ...request } as const;
      const [id] = await submitEmails(whole, { backend, now, newId, retentionMs: 30 * 86_400_000, metrics });
      if (id === undefined) throw new Error('no id was answered');
      return id;
    },
    record: async (id) => {
      const record = await backend.table.get<EmailRecord>(recordKey(id));
      if (!record) throw new Error(`no record of ${id}`);
      return record;
    },
  };
}

/** The pace of an account without limits. */
export const unpaced = (now: () => number): Pick<SendDependencies, 'pacer' | 'sending' | 'giveUpAfterMs'> => ({
  pacer: {
    reserve: async (queue, recipients) => ({
      queue,
      recipients,
      startMs: now(),
      lostAtMs: now() + 100,
      answeredAtMs: now(),
    }),
    arrive: async () => {},
    afterThrottle: async () => {},
    isLimiting: () => false,
  },
  sending: { hold: async (_cause, reason) => new Postponed(reason, 60), sent: async () => {} },
  giveUpAfterMs: GIVE_UP_AFTER_MS,
});

/** An email with only the required fields. */
export const plainEmail = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hello, B.' } as const;

/** The ports of a process that crashes at its n-th call of a port (1 for the first), before or after the call takes effect. */
export function crashingAt(ports: WorkerPorts, n: number, when: 'before' | 'after') {
  const calls: string[] = [];
  const { guard, state } = createMortalPorts({ calls, isKilled: (_call, at, number) => number === n && at === when });
  const crashing: WorkerPorts = {
    table: guard('table', ports.table),
    bodies: guard('bodies', ports.bodies),
    broker: guard('broker', ports.broker),
    mailer: guard('mailer', ports.mailer),
  };
  return { ports: crashing, calls, state };
}
