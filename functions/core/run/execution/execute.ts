import { SendoffError } from '../../errors.ts';
import { Postponed, type Run } from '../../task/task.ts';
import { parseArguments } from '../definition/arguments.ts';
import type { TaskDefinition } from '../definition/definition.ts';
import { type EndedRun, type ExecuteArgs, isEnded, type RunRecord, WAITING_MS } from '../run.ts';
import { failureOf, RunFault } from '../run-error.ts';
import { readRun } from '../store.ts';
import { readJson } from '../stored-json.ts';
import { claimRun, noteRefusal, type RunOutcome, releaseRun } from '../transitions.ts';
import { createContext } from './context.ts';
import type { RunWorker } from './dependencies.ts';
import { createFinish } from './finish.ts';
import { keepLease, withPermit } from './lease.ts';
import { onFailedOf } from './on-failed.ts';
import { type Performed, perform } from './perform.ts';
import { createProgress } from './progress.ts';
import { settleRun } from './settle.ts';
import { createSteps, type Steps } from './steps.ts';

/** The waits for a record that is not there yet: the job may be some ms earlier. */
const CATCH_UP_MS = [20, 80, 300];
/** A job without a record is dropped after so many tries: its accept failed, or the run has expired. */
const RECORD_ATTEMPTS = 4;
const MOST_CRASHES = 3;

/**
 * Runs one attempt of a kept run. Resolves when the job may be acknowledged.
 *
 * @throws Postponed when it cannot run now; an Error, which leaves the job to the dead letters, when its task is not in the file or
 * takes its arguments no more.
 */
export async function executeRun({ id, task }: ExecuteArgs, job: Run, worker: RunWorker): Promise<void> {
  const definition = worker.definitions.get(task);
  if (!definition) return refuseUnknown(id, task, worker);
  await withPermit(definition, job, worker, async (attempt, permit) => {
    const { applied, document } = await claimWhenThere(id, attempt, worker);
    if (!document) return recordMissing(id, job, worker);
    if (!applied) return notClaimed(document, definition, worker);
    const stopLease = keepLease(document, definition, permit, worker);
    try {
      await attemptOf(document, definition, stopLease.onLost, worker);
    } finally {
      stopLease.stop();
    }
  });
}

async function claimWhenThere(
  id: string,
  attempt: Parameters<typeof claimRun>[2],
  { backend: { table }, after }: RunWorker,
): Promise<RunOutcome> {
  let outcome = await claimRun(table, id, attempt);
  for (const ms of CATCH_UP_MS) {
    if (outcome.document) break;
    await new Promise<void>((resolve) => after(ms, resolve));
    outcome = await claimRun(table, id, attempt);
  }
  return outcome;
}

function recordMissing(id: string, { job }: Run, { log }: RunWorker): void {
  if (job.attempt < RECORD_ATTEMPTS)
    throw new SendoffError('service_unavailable', 503, 'The record of the run is not there yet', {
      retryable: true,
      retryAfterSeconds: 1,
    });
  log.warn('job dropped: its run has no record', { runId: id });
}

/** A run that this job may not begin: it has ended, is not due yet, or is running. */
async function notClaimed(run: RunRecord, definition: TaskDefinition, worker: RunWorker): Promise<void> {
  const { now, random, backend } = worker;
  if (isEnded(run)) return settleAgain(run, definition, worker);
  const untilMs = run.status === 'queued' ? (run.dueAtMs ?? now()) : (run.leaseUntilMs ?? now()) + random() * 2_000;
  const waitMs = untilMs - now();
  // The schedule will queue it.
  if (run.status === 'queued' && waitMs > backend.delayHorizonMs) return;
  throw new Postponed(`the run is ${run.status}`, Math.max(1, waitMs / 1_000));
}

async function settleAgain(run: EndedRun, definition: TaskDefinition | undefined, worker: RunWorker): Promise<void> {
  if (run.settled) return;
  const { effects, backend } = worker;
  await settleRun(run, definition && onFailedOf(run, definition, worker), { effects, table: backend.table });
}

/** The job of a task that the file does not declare goes to the dead letters: redriven when it is there again, it runs. */
async function refuseUnknown(id: string, task: string, worker: RunWorker): Promise<void> {
  const { table } = worker.backend;
  const run = await readRun(table, id);
  if (!run) return worker.log.warn('job dropped: its run has no record', { runId: id });
  if (isEnded(run)) return settleAgain(run, undefined, worker);
  const message = `No task is named ${task}: the run waits among the dead letters. Redrive it when the task is back.`;
  await noteRefusal(table, id, { code: 'unknown_task', message });
  throw new Error(`no task of the user is named ${JSON.stringify(task)}`);
}

/** One attempt of a run that is claimed. */
async function attemptOf(
  run: RunRecord,
  definition: TaskDefinition,
  onLost: (lose: () => void) => void,
  worker: RunWorker,
): Promise<void> {
  const { backend, now, redact } = worker;
  const finish = createFinish(run, definition, worker);
  if (isExpired(run, now())) return finish.expire();
  const crash = crashFault(run, definition);
  if (crash) return finish.fail({ error: failureOf(crash, redact).error, isFinal: true });
  let prepared: Awaited<ReturnType<typeof prepare>>;
  try {
    prepared = await prepare(run, definition, worker);
  } catch (error) {
    if (error instanceof SendoffError) throw error;
    return finish.fail(failureOf(error, redact));
  }
  if ('refusal' in prepared) {
    await releaseRun(backend.table, run, { code: 'invalid_args', message: prepared.refusal });
    throw new Error(`the arguments of the run ${run.id} do not fit the task ${run.task}`);
  }
  const { value, previous } = prepared;
  let [steps, last]: [Steps | undefined, () => RunRecord['progress']] = [undefined, () => undefined];
  const performed: Performed = await perform(
    (control) => {
      onLost(control.lose);
      steps = createSteps(run, control, backend, now() + run.keepMs + WAITING_MS);
      const progress = createProgress(run, control, { table: backend.table, now, log: worker.log });
      last = progress.last;
      const parts = { control, steps, progress: progress.set };
      return definition.run(
        value,
        createContext({ ...run, attempt: run.attempts, previous }, definition, parts, worker),
      );
    },
    definition.description.timeoutSeconds * 1_000,
    worker,
  );
  await finish.end(performed, { value, progress: last(), steps: (steps as Steps | undefined)?.fields() ?? [] });
}

async function prepare(run: RunRecord, definition: TaskDefinition, { backend: { bodies } }: RunWorker) {
  const [parsed, previous] = await Promise.all([
    parseArguments(run.args, definition, bodies),
    readJson(run.previous, bodies),
  ]);
  return 'refusal' in parsed ? parsed : { ...parsed, previous };
}

const isExpired = ({ notAfterMs, attempts, continued }: RunRecord, nowMs: number): boolean =>
  notAfterMs !== undefined && attempts === 1 && !continued && notAfterMs < nowMs;

/** Why a run that has crashed does not run again; undefined if it does. */
function crashFault({ crashes = 0, attempts }: RunRecord, { description }: TaskDefinition): RunFault | undefined {
  if (crashes === 0 || (crashes <= MOST_CRASHES && attempts <= description.retry.attempts)) return undefined;
  const message = `The function ended during the run ${crashes} times: out of memory, its time-out, or process.exit().`;
  return new RunFault('crashed', message, { isFinal: true });
}
