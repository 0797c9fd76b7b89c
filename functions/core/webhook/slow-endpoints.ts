import type { Broker } from '../ports/broker.ts';
import type { Table, WriteOutcome } from '../ports/table.ts';
import type { QueueName } from '../queues.ts';
import type { Run } from '../task/task.ts';
import { type Webhook, webhookKey } from './endpoint.ts';

/**
 * How endpoints that do not answer are kept from delaying others:
 * - On the queue `webhook` an endpoint has 1.5 s for its answer. One that takes longer is slow from then on: its jobs go
 *   through the queue `webhook-slow`, where it has 15 s, so it can only delay others that are slow, too.
 * - An endpoint that does not answer there either is paused: one attempt at a time, over all workers, and none before
 *   the pause is over. Jobs that find it paused come back later; that is no attempt.
 */

/** The longest an answer takes on the queue `webhook`, in ms. */
export const PROMPT_MS = 1_500;
/** An endpoint that has not answered by then has failed, in ms. */
export const ANSWER_TIMEOUT_MS = 15_000;
/** An endpoint stays slow for at least this long, so that one that is slow now and then costs others 1.5 s a minute at most. */
const SLOW_FOR_MS = 60_000;
/** A pause is as long as the endpoint has been slow, within these. The least is the shortest wait before a retry. */
const LEAST_PAUSE_MS = 5_000;
const MOST_PAUSE_MS = 15 * 60_000;
/** An attempt that has not ended by then has died with its worker. */
const ATTEMPT_MS = ANSWER_TIMEOUT_MS + 5_000;
/** The jobs that a pause made wait come back spread over as long again, and over this at the most. */
const MOST_SPREAD_MS = 60_000;

/** How an attempt went, as far as the endpoint's timing is concerned. */
export interface AttemptTiming {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** There was an answer, whatever it says, or the connection was refused at once. */
  readonly answered: boolean;
  /** That took no longer than `PROMPT_MS`. */
  readonly prompt: boolean;
}

interface SlowEndpointDependencies {
  readonly table: Table;
  readonly broker: Broker;
  readonly random: () => number;
}

/** How long an endpoint has for its answer on this queue, in ms. */
export const answerTimeoutMs = (queue: QueueName): number => (queue === 'webhook' ? PROMPT_MS : ANSWER_TIMEOUT_MS);

/** The queue on which an endpoint's jobs wait, and for how many seconds: those of a paused one until its pause is over. */
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
 * True when a job may try its endpoint now. Otherwise the job was sent on to its place, at the same attempt. `atOnce`:
 * a pause does not hold it up.
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

/** Begins the one attempt that a paused endpoint gets, if its pause is over and no other has begun. */
function startOnlyAttempt(table: Table, id: string, nowMs: number): Promise<WriteOutcome<Webhook>> {
  const set = { pausedUntilMs: nowMs + ATTEMPT_MS };
  return table.update<Webhook>(webhookKey(id), { set }, [{ pausedUntilMs: { atMost: nowMs } }]);
}

/**
 * Moves a job whose endpoint did not answer promptly to the slow queue, at the same attempt, and marks the endpoint,
 * so that its other jobs follow without an attempt.
 */
export async function moveToSlowQueue(
  webhook: Webhook,
  run: Run,
  { table, broker }: SlowEndpointDependencies,
): Promise<void> {
  const { id } = webhook;
  const nowMs = run.now();
  // Not paused yet: an endpoint that was slow once (a cold start) gets its next events without a wait.
  const set = { slowSinceMs: nowMs };
  const { applied } = await table.update(webhookKey(id), { set }, [{ slowSinceMs: { exists: false } }]);
  if (applied) run.log.warn('webhook is slow', { webhookId: id });
  const { dueAtMs: _, ...job } = run.job;
  await broker.send([{ queue: 'webhook-slow', job }]);
}

/** Notes an attempt on the slow queue; written only when something changes. */
export async function noteTiming(table: Table, webhook: Webhook, timing: AttemptTiming): Promise<void> {
  const { startedAtMs, endedAtMs, answered, prompt } = timing;
  const { id, slowSinceMs = startedAtMs, pausedUntilMs } = webhook;
  if (!answered) {
    const pauseMs = Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, startedAtMs - slowSinceMs));
    await table.update(webhookKey(id), { set: { slowSinceMs, pausedUntilMs: endedAtMs + pauseMs } });
    return;
  }
  const slowNoMore = prompt && webhook.slowSinceMs !== undefined && endedAtMs - slowSinceMs >= SLOW_FOR_MS;
  if (pausedUntilMs === undefined && !slowNoMore) return;
  await table.update(webhookKey(id), { remove: ['pausedUntilMs', ...(slowNoMore ? ['slowSinceMs'] : [])] });
}
