import type { Job } from '../../ports/broker.ts';
import type { Run } from '../../task/task.ts';
import { parseArguments } from '../definition/arguments.ts';
import type { TaskDefinition } from '../definition/definition.ts';
import type { OnceArgs } from '../run.ts';
import { type Failure, failureOf, RunFault } from '../run-error.ts';
import { createContext } from './context.ts';
import type { RunWorker } from './dependencies.ts';
import { nextWait } from './finish.ts';
import { withPermit } from './lease.ts';
import { callOnFailed } from './on-failed.ts';
import { type Control, type Performed, perform } from './perform.ts';
import { createPlainSteps, toJson } from './steps.ts';

/**
 * Runs one attempt of a run that is not kept: its message is all there is of it. Resolves when the message may be acknowledged, after
 * that of the next attempt is durable.
 */
export async function runOnce(args: OnceArgs, run: Run, worker: RunWorker): Promise<void> {
  const definition = worker.definitions.get(args.task);
  // Unacknowledged, it goes to the dead letters.
  if (!definition) throw new Error(`no task of the user is named ${JSON.stringify(args.task)}`);
  await withPermit(definition, run, worker, () => attemptOnce(args, run, definition, worker));
}

async function attemptOnce(args: OnceArgs, run: Run, definition: TaskDefinition, worker: RunWorker): Promise<void> {
  const { backend, log, now } = worker;
  const parsed = await parseArguments(args.args, definition, backend.bodies);
  if ('refusal' in parsed) throw new Error(`the arguments of the run ${args.id} do not fit the task ${args.task}`);
  const its = { id: args.id, attempt: run.job.attempt };
  const startMs = now();
  const call = (control: Control) => {
    const parts = { control, steps: createPlainSteps(its, control), progress: () => {} };
    return definition.run(parsed.value, createContext(its, definition, parts, worker));
  };
  const performed = await perform(call, definition.description.timeoutSeconds * 1_000, worker);
  const next = await afterOnce(performed, args, run, definition, worker);
  const shown = definition.options.logged?.(parsed.value);
  const fields = { runId: args.id, task: args.task, attempt: its.attempt, durationMs: now() - startMs, ...shown };
  if (!('failure' in next)) return log.info('run ended', { ...fields, status: next.status });
  log.error('run failed', { ...fields, code: next.failure.error.code });
  if (definition.options.onFailed) await callOnFailed(its, parsed.value, next.failure.error, definition, worker);
}

type Next = { readonly status: 'succeeded' | 'queued' | 'continued' } | { readonly failure: Failure };

/** Queues what comes next: another attempt, or the run with other arguments. */
async function afterOnce(
  performed: Performed,
  args: OnceArgs,
  { job, queue }: Run,
  { description }: TaskDefinition,
  { backend: { broker }, now, random, redact }: RunWorker,
): Promise<Next> {
  const queueNext = (next: Job) => broker.send([{ queue, job: next }]);
  if (performed.type === 'continued') {
    try {
      const json = toJson('The arguments of run.continue()', performed.args) || 'null';
      if (Buffer.byteLength(json) > MOST_CONTINUED_BYTES)
        throw new RunFault(
          'result_too_large',
          'The arguments of run.continue() are too large for a task without a record.',
          {
            isFinal: true,
          },
        );
      await queueNext({ ...job, args: { ...args, args: { json } }, attempt: 1, dueAtMs: undefined });
      return { status: 'continued' };
    } catch (error) {
      if (!(error instanceof RunFault)) throw error;
      return { failure: failureOf(error, redact) };
    }
  }
  if (performed.type !== 'threw') return { status: 'succeeded' };
  const wait = nextWait(performed.failure, description.retry, job.attempt, random);
  if (wait === undefined) return { failure: performed.failure };
  await queueNext({ ...job, attempt: job.attempt + 1, dueAtMs: now() + Math.ceil(wait * 1_000) });
  return { status: 'queued' };
}

/** A message of SQS has up to 1 MiB. */
const MOST_CONTINUED_BYTES = 256 * 1024;
