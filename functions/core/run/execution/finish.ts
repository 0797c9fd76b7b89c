import { backoffSeconds } from '../../task/retry.ts';
import { HeldElsewhere } from '../../task/task.ts';
import type { TaskDefinition } from '../definition/definition.ts';
import type { RetryDescription } from '../definition/manifest.ts';
import { type EndedRun, isEnded, type RunRecord, WAITING_MS } from '../run.ts';
import { type Failure, failureOf, RunFault } from '../run-error.ts';
import { readRun } from '../store.ts';
import { toStore } from '../stored-json.ts';
import { continueRun, endRun, queueAgain, type RunOutcome } from '../transitions.ts';
import type { RunWorker } from './dependencies.ts';
import { onFailedOf } from './on-failed.ts';
import type { Performed } from './perform.ts';
import { isSettledAtEnd, settleRun } from './settle.ts';
import { toJson } from './steps.ts';

const WEEK_SECONDS = 7 * 86_400;

/** The wait in seconds after the attempt `attempt` (1 for the first). */
export function retryWait(retry: RetryDescription, attempt: number, random: () => number): number {
  const { backoff, delaySeconds, maxDelaySeconds, attempts } = retry;
  if (backoff === 'fixed') return Math.min(delaySeconds, maxDelaySeconds);
  return backoffSeconds(
    { maxAttempts: attempts, baseSeconds: delaySeconds, capSeconds: maxDelaySeconds },
    attempt,
    random,
  );
}

/** The wait after a failed attempt; undefined if there is none more. */
export function nextWait(
  failure: Failure,
  retry: RetryDescription,
  attempt: number,
  random: () => number,
): number | undefined {
  if (failure.isFinal || attempt >= retry.attempts) return undefined;
  const { retryAfterSeconds } = failure;
  return retryAfterSeconds === undefined
    ? retryWait(retry, attempt, random)
    : Math.min(retryAfterSeconds, WEEK_SECONDS);
}

interface Written {
  readonly value?: unknown;
  readonly progress?: RunRecord['progress'];
  readonly steps?: readonly string[];
}

/** Records how an attempt of a run ended, and does what follows. */
export function createFinish(run: RunRecord, definition: TaskDefinition, worker: RunWorker) {
  const { backend, now, random, redact, log, effects } = worker;
  const { table, bodies } = backend;
  const { retry } = definition.description;

  const logEnd = (status: string, { value, code }: { value?: unknown; code?: string } = {}) => {
    const shown = value === undefined ? {} : definition.options.logged?.(value);
    const durationMs = now() - (run.startedAtMs ?? now());
    const fields = { runId: run.id, task: run.task, attempt: run.attempts, status, durationMs, code, ...shown };
    if (status === 'failed') log.error('run failed', fields);
    else log.info('run ended', fields);
  };

  /** Settles the run, or leaves it to its holder, when the attempt lost its claim before its end was recorded. */
  const lost = async (document: RunRecord | undefined): Promise<void> => {
    log.warn('the end of an attempt is not recorded: its run was canceled, or another worker has it', {
      runId: run.id,
    });
    if (document && !isEnded(document)) throw new HeldElsewhere('another worker has the run');
    if (document && !document.settled) await settle(document);
  };

  const settle = (ended: EndedRun) => settleRun(ended, onFailedOf(ended, definition, worker), { effects, table });

  const close = async (end: Omit<Parameters<typeof endRun>[2], 'atMs' | 'settled'>): Promise<void> => {
    const atMs = now();
    const wanted: EndedRun = { ...run, status: end.status, endedAtMs: atMs };
    const settled = await isSettledAtEnd(wanted, effects, definition.options.onFailed);
    const { applied, document } = await endRun(table, run, { ...end, atMs, settled });
    if (!applied || !document || !isEnded(document)) return lost(document);
    if (!settled) await settle(document);
  };

  const fail = async (failure: Failure, { value, progress }: Written = {}): Promise<void> => {
    const { error } = failure;
    const nowMs = now();
    const wait = nextWait(failure, retry, run.attempts, random);
    if (wait === undefined) {
      await close({ status: 'failed', error, progress });
      return logEnd('failed', { value, code: error.code });
    }
    const event = { atMs: nowMs, type: 'retry', attempt: run.attempts, reason: error.message.slice(0, 200) } as const;
    const dueAtMs = nowMs + Math.ceil(wait * 1_000);
    await orLost(await queueAgain(backend, run, { nowMs, dueAtMs, error, event, progress }), lost);
    logEnd('queued', { value, code: error.code });
  };

  const jsonOrFailure = (what: string, value: unknown): string | Failure => {
    try {
      return toJson(what, value);
    } catch (error) {
      if (!(error instanceof RunFault)) throw error;
      return failureOf(error, redact);
    }
  };

  const succeed = async (result: unknown, written: Written): Promise<void> => {
    const json = jsonOrFailure('The result', result);
    if (typeof json !== 'string') return fail(json, written);
    const kept = json === '' ? undefined : toStore(json, run.id, 'result');
    if (kept?.body) await bodies.put(kept.body.key, kept.body.bytes, now() + run.keepMs);
    await close({ status: 'succeeded', result: kept?.stored, progress: written.progress });
    logEnd('succeeded', written);
  };

  const goOn = async (args: unknown, { progress, steps = [] }: Written): Promise<void> => {
    const json = jsonOrFailure('The arguments of run.continue()', args);
    if (typeof json !== 'string') return fail(json);
    const { stored, body } = toStore(json || 'null', run.id, `args/${(run.continued ?? 0) + 1}`);
    if (body) await bodies.put(body.key, body.bytes, now() + run.keepMs + WAITING_MS);
    await orLost(await continueRun(backend, run, { nowMs: now(), args: stored, steps, progress }), lost);
    logEnd('continued');
  };

  return {
    expire: () => close({ status: 'expired' }),
    fail,
    end: async (performed: Performed, written: Written): Promise<void> => {
      switch (performed.type) {
        case 'returned':
          return succeed(performed.value, written);
        case 'threw':
          return fail(performed.failure, written);
        case 'continued':
          return goOn(performed.args, written);
        case 'lost':
          return lost(await readRun(table, run.id));
      }
    },
  };
}

/** For a change that queued the run again; it may also be known by what it wrote, if its answer was lost. */
async function orLost(
  { applied, document }: RunOutcome,
  lost: (document: RunRecord | undefined) => Promise<void>,
): Promise<void> {
  if (!applied) await lost(document);
}
