import { inspectedQueues } from '../core/inspection/inspected-queues.ts';
import type { InspectedQueue } from '../core/ports/inspection.ts';
import { type CoreQueueName, type QueueName, queueNames, queueUrlVariable, taskQueueNames } from '../core/queues.ts';

/** Variables by name; those of the process unless a caller has others. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a variable that the deployment must have set. */
export function required(name: string, env: Environment = process.env): string {
  const value = env[name];
  if (!value) throw new Error(`The environment variable ${name} is not set`);
  return value;
}

/** Reads a whole number that the deployment must have set. */
export function requiredNumber(name: string, env?: Environment): number {
  const value = Number(required(name, env));
  if (!Number.isFinite(value)) throw new Error(`The environment variable ${name} is not a number`);
  return value;
}

/** Reads a number that a deployment may leave out. */
export function optionalNumber(name: string, env: Environment = process.env): number | undefined {
  return env[name] ? requiredNumber(name, env) : undefined;
}

/** Whether broadcasts without an unsubscribe link get a footer with one. */
export const hasBroadcastFooter = (): boolean => process.env.BROADCAST_FOOTER !== 'false';

/** The URL of a queue of SQS (`TRANSACTIONAL_QUEUE_URL`, …). */
export function queueUrl(queue: QueueName, env?: Environment): string {
  return required(queueUrlVariable(queue), env);
}

/** The URLs of the queues of SQS; a deployment without the option `tasks` has none for tasks. */
export type QueueUrls = Readonly<Record<CoreQueueName, string> & Partial<Record<QueueName, string>>>;

/** The URLs of all queues of SQS. */
export function queueUrls(env: Environment = process.env): QueueUrls {
  const ofTasks = taskQueueNames.filter((queue) => env[queueUrlVariable(queue)]);
  const entries = [...queueNames, ...ofTasks].map((queue) => [queue, queueUrl(queue, env)]);
  return Object.fromEntries(entries) as QueueUrls;
}

/** The variable with the URL of a queue that an operator sees: beside those of jobs, `FEEDBACK_QUEUE_URL`, `DEAD_LETTER_QUEUE_URL`. */
const inspectedUrlVariable = (queue: InspectedQueue): string =>
  queue === 'dead letters'
    ? 'DEAD_LETTER_QUEUE_URL'
    : queue === 'feedback'
      ? 'FEEDBACK_QUEUE_URL'
      : queueUrlVariable(queue);

/** The URLs of all queues of SQS that an operator sees; with `backend=redis` those of the events of SES alone. */
export function inspectedQueueUrls(
  env: Environment = process.env,
): Readonly<Partial<Record<InspectedQueue, string>> & Record<'dead letters', string>> {
  const urls = inspectedQueues.flatMap((queue) => {
    const url = env[inspectedUrlVariable(queue)];
    return url ? [[queue, url] as const] : [];
  });
  return { ...Object.fromEntries(urls), 'dead letters': required('DEAD_LETTER_QUEUE_URL', env) };
}

/** The shards of the emails in each index; undefined in a function of the user that was deployed with version 0.2. */
export function indexShards(env: Environment = process.env): number | undefined {
  return env.INDEX_SHARDS ? requiredNumber('INDEX_SHARDS', env) : undefined;
}

/** How long records and bodies are kept, in ms (`RETENTION_DAYS`). */
export function retentionMs(env?: Environment): number {
  return requiredNumber('RETENTION_DAYS', env) * 86_400_000;
}

/**
 * True only on a laptop: webhooks may use http and loopback addresses. `sendoff start` sets `SENDOFF_LOCAL_ENDPOINTS=allowed`
 * for the functions that it runs; no template sets it (test/lib/constructs/feedback.test.ts).
 */
export function localEndpointsAllowed(): boolean {
  return process.env.SENDOFF_LOCAL_ENDPOINTS === 'allowed';
}
