/**
 * The queues. This table is the one place that lists them: Redis keys, environment variables, permissions, metrics, alarms
 * and the CLI are derived from it. A new queue is one entry here and the code that works on its jobs.
 *
 * It is not in a domain's folder because ports, tasks, adapters and the stack all read it.
 */

/** One queue. */
export interface QueueDefinition {
  /** Its jobs, in words for people. */
  readonly purpose: string;
  /**
   * The function that works on it with `backend=aws`. With `backend=redis` one consumer works on all queues, and a second one, in a
   * namespace of its own, on those of `run-tasks`.
   */
  readonly worker: 'send' | 'webhook' | 'run-tasks';
  /** The deployment option that limits how many workers work on it at once, with `backend=aws`. */
  readonly concurrencyOption: 'maxConcurrency' | 'bulkMaxConcurrency' | 'webhookMaxConcurrency' | 'tasksMaxConcurrency';
  /** Jobs that one consumer of `backend=redis` runs at once; they wait for SES or an endpoint, not for the CPU. */
  readonly inFlight: number;
  /**
   * Seconds that Lambda waits for a batch of jobs to fill, with `backend=aws`: fewer receives and invocations. Absent where a
   * caller waits for the result.
   */
  readonly batchingWindowSeconds?: number;
  /** Groups of jobs (`Job.group`) get equal shares of its workers, however many jobs each has waiting. */
  readonly fair: boolean;
  /** Minutes that a job may wait beyond its delay and one redelivery before an alarm. */
  readonly allowedWaitMinutes: number;
}

export const queues = {
  transactional: {
    purpose: 'Emails of `POST /emails`',
    worker: 'send',
    concurrencyOption: 'maxConcurrency',
    inFlight: 100,
    fair: true,
    allowedWaitMinutes: 0,
  },
  /** A queue of its own, so that bulk never delays transactional mail. */
  bulk: {
    purpose: 'Emails of `POST /emails/batch`',
    worker: 'send',
    concurrencyOption: 'bulkMaxConcurrency',
    inFlight: 50,
    batchingWindowSeconds: 1,
    fair: true,
    // 100,000 emails at the 14 a second of a new account take two hours.
    allowedWaitMinutes: 240,
  },
  /** A queue of its own, so that no endpoint delays any mail. */
  webhook: {
    purpose: 'Events for webhooks',
    worker: 'webhook',
    concurrencyOption: 'webhookMaxConcurrency',
    inFlight: 50,
    fair: false,
    allowedWaitMinutes: 0,
  },
  /** For endpoints that do not answer promptly: they delay only each other. */
  'webhook-slow': {
    purpose: 'Events for webhooks whose endpoints answer slowly',
    worker: 'webhook',
    concurrencyOption: 'webhookMaxConcurrency',
    inFlight: 50,
    batchingWindowSeconds: 1,
    fair: false,
    allowedWaitMinutes: 240,
  },
  tasks: {
    purpose: "Runs of the user's own tasks",
    worker: 'run-tasks',
    concurrencyOption: 'tasksMaxConcurrency',
    inFlight: 50,
    fair: true,
    allowedWaitMinutes: 0,
  },
  /** For tasks of priority `bulk`: groups and mass runs delay no other task. */
  'tasks-bulk': {
    purpose: "Runs of the user's own tasks of priority `bulk`",
    worker: 'run-tasks',
    concurrencyOption: 'tasksMaxConcurrency',
    inFlight: 25,
    fair: true,
    allowedWaitMinutes: 240,
  },
} as const satisfies Readonly<Record<string, QueueDefinition>>;

export type QueueName = keyof typeof queues;

/** The queues that exist only in a deployment with the option `tasks`. */
export type TaskQueueName = {
  [Name in QueueName]: (typeof queues)[Name]['worker'] extends 'run-tasks' ? Name : never;
}[QueueName];

/** The queues of every deployment. */
export type CoreQueueName = Exclude<QueueName, TaskQueueName>;

const isTaskQueue = (name: QueueName): name is TaskQueueName => queues[name].worker === 'run-tasks';
const names = Object.keys(queues) as readonly QueueName[];

/** The queues of every deployment, in the order in which they are shown and served. */
export const queueNames: readonly CoreQueueName[] = names.filter((name) => !isTaskQueue(name));

/** The queues that exist only in a deployment with the option `tasks`; with `backend=redis` in a namespace of their own. */
export const taskQueueNames: readonly TaskQueueName[] = names.filter(isTaskQueue);

/** The queues of a deployment with or without the option `tasks`. */
export const deployedQueueNames = (withTasks: boolean): readonly QueueName[] =>
  withTasks ? [...queueNames, ...taskQueueNames] : queueNames;

/** The queues that this function works on. */
export const queuesOf = (worker: QueueDefinition['worker']): readonly QueueName[] =>
  deployedQueueNames(true).filter((name) => queues[name].worker === worker);

/** The environment variable with the URL of a queue of SQS: `WEBHOOK_SLOW_QUEUE_URL`. */
export const queueUrlVariable = (name: QueueName): string => `${name.toUpperCase().replaceAll('-', '_')}_QUEUE_URL`;
