import type { Broker } from '../ports/broker.ts';
import type { Table, WriteOutcome } from '../ports/table.ts';
import type { QueueName } from '../queues.ts';
import type { Run } from '../task/task.ts';
import { type Webhook, webhookKey } from './endpoint.ts';

/**
 * Keeps endpoints that do not answer from delaying others:
 * - On the queue `webhook` an endpoint has 1.5 s to answer. One that takes longer is slow from then on: its jobs go to
 *   the queue `webhook-slow`, where it has 15 s, so that it delays only other slow endpoints.
 * - An endpoint that does not answer there either is paused: no attempt before the pause is over, then one at a time,
 *   over all workers. A job that finds its endpoint paused comes back later; that does not count as an attempt.
 */

/** The time an endpoint has to answer on the queue `webhook`, in ms. */
export const PROMPT_MS = 1_500;
/** The time it has on the queue `webhook-slow`, in ms. */
export const ANSWER_TIMEOUT_MS = 15_000;
/** An endpoint stays slow for at least this long, so that one that is slow at times costs others at most 1.5 s a minute. */
const SLOW_FOR_MS = 60_000;
/** A pause is as long as the endpoint has been slow, within these bounds. The least is the shortest wait before a retry. */
const LEAST_PAUSE_MS = 5_000;
const MOST_PAUSE_MS = 15 * 60_000;
/** After this time an attempt that has not ended counts as lost with its worker. */
const ATTEMPT_MS = ANSWER_TIMEOUT_MS + 5_000;
/** Jobs that wait for the end of a pause are spread over the length of the pause, and at most over this. */
const MOST_SPREAD_MS = 60_000;

/** How fast an endpoint answered an attempt. */
export interface AttemptTiming {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** There was an answer, whatever its status, or the connection was refused promptly. */
  readonly answered: boolean;
  /** The attempt took no longer than `PROMPT_MS`. */
  readonly prompt: boolean;
}

interface SlowEndpointDependencies {
  readonly table: Table;
  readonly broker: Broker;
  readonly random: () => number;
}

/** The time that an endpoint has to answer on this queue, in ms. */
export const answerTimeoutMs = (queue: QueueName): number => (queue === 'webhook' ? PROMPT_MS : ANSWER_TIMEOUT_MS);

/** The queue of an endpoint's jobs, and their delay: jobs of a paused endpoint wait until the pause is over. */
export function queueFor(
  { slowSinceMs, pausedUntilMs = 0 }: Webhook,
  nowMs: number,
  random: () => number,
): { queue: QueueName; delaySeconds: number } {
  if (slowSinceMs === undefined) return { queue: 'webhook', delaySeconds: 0 };
  const pauseMs = Math.max(0, pausedUntilMs - nowMs);
  const waitMs = pauseMs + random() * Math.min(pauseMs, MOST_SPREAD_MS);
  return { queue: 'webhook-slow', delaySeconds: waitMs / 1000 };
}

/**
 * True when a job may try its endpoint now. Otherwise the job has been queued again for later, with the same attempt
 * number. With `atOnce` a pause is ignored.
 */
export async function mayAttempt(
  webhook: Webhook,
  { run, atOnce }: { run: Run; atOnce: boolean },
  { table, broker, random }: SlowEndpointDependencies,
): Promise<boolean> {
  const { id, slowSinceMs, pausedUntilMs } = webhook;
  const nowMs = run.now();
  if (run.queue === 'webhook' ? slowSinceMs === undefined : atOnce || pausedUntilMs === undefined) return true;
  const { applied, document = webhook } =
    run.queue === 'webhook' || (pausedUntilMs ?? 0) > nowMs ? refused : await startOnlyAttempt(table, id, nowMs);
  if (applied) return true;
  const { queue, delaySeconds } = queueFor(document, nowMs, random);
  const { dueAtMs: _, ...job } = run.job;
  const due = delaySeconds > 0 && !atOnce ? { dueAtMs: nowMs + delaySeconds * 1000 } : {};
  await broker.send([{ queue, job: { ...job, ...due } }]);
  return false;
}

const refused: WriteOutcome<Webhook> = { applied: false, document: undefined };

/** Begins the one attempt that a paused endpoint gets, if its pause is over and no other attempt has begun. */
function startOnlyAttempt(table: Table, id: string, nowMs: number): Promise<WriteOutcome<Webhook>> {
  const set = { pausedUntilMs: nowMs + ATTEMPT_MS };
  return table.update<Webhook>(webhookKey(id), { set }, [{ pausedUntilMs: { atMost: nowMs } }]);
}

/**
 * Moves a job whose endpoint did not answer promptly to the slow queue, with the same attempt number, and marks the
 * endpoint as slow, so that its other jobs follow without an attempt.
 */
export async function moveToSlowQueue(
  webhook: Webhook,
  run: Run,
  { table, broker }: SlowEndpointDependencies,
): Promise<void> {
  const { id } = webhook;
  const nowMs = run.now();
  // It is not paused yet: an endpoint that was slow once (a cold start) gets its next events without a wait.
  const set = { slowSinceMs: nowMs };
  const { applied } = await table.update(webhookKey(id), { set }, [{ slowSinceMs: { exists: false } }]);
  if (applied) run.log.warn('webhook is slow', { webhookId: id });
  const { dueAtMs: _, ...job } = run.job;
  await broker.send([{ queue: 'webhook-slow', job }]);
}

/** Records how fast an attempt on the slow queue was; writes only when something changes. */
export async function noteTiming(table: Table, webhook: Webhook, timing: AttemptTiming): Promise<void> {
  const { startedAtMs, endedAtMs, answered, prompt } = timing;
  const { id, slowSinceMs = startedAtMs, pausedUntilMs } = webhook;
  if (!answered) {
    const pauseMs = Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, startedAtMs - slowSinceMs));
    await table.update(webhookKey(id), { set: { slowSinceMs, pausedUntilMs: endedAtMs + pauseMs } });
    return;
  }
  const recovered = prompt && webhook.slowSinceMs !== undefined && endedAtMs - slowSinceMs >= SLOW_FOR_MS;
  if (pausedUntilMs === undefined && !recovered) return;
  await table.update(webhookKey(id), { remove: ['pausedUntilMs', ...(recovered ? ['slowSinceMs'] : [])] });
}
