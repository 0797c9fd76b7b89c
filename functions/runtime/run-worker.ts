import { setTimeout as sleep } from 'node:timers/promises';
import { handOverTick } from '../core/clock/handover.ts';
import { createTickTask } from '../core/clock/tick-job.ts';
import { newId } from '../core/ids.ts';
import type { Backend } from '../core/ports/backend.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { setTransport } from '../core/run/accept/chosen-transport.ts';
import { createStartNext } from '../core/run/execution/chain.ts';
import { createPublishEnd } from '../core/run/execution/publish.ts';
import type { RunEffects } from '../core/run/execution/settle.ts';
import { createRunTasks } from '../core/run/execution/tasks.ts';
import { createMemberEnded } from '../core/run/group/finish.ts';
import { createAcceptTransport } from '../core/run/group/transport.ts';
import { createTaskLimits } from '../core/run/limit/task-limits.ts';
import { createRedact } from '../core/run/run-error.ts';
import type { Task } from '../core/task/task.ts';
import { createWorker, type Worker } from '../core/task/worker.ts';
import { createAnyWebhook } from '../core/webhook/any-webhook.ts';
import { publishByJob } from '../core/webhook/publish-task.ts';
import { acceptEmail, acceptEmails } from './accept/accept-email.ts';
import { type ExportedTask, exportedTasks } from './tasks/task-definitions.ts';

export interface RunWiring {
  /** Where the runs are. */
  readonly backend: Backend;
  /** Where emails and webhooks are: with `backend=aws` the same. */
  readonly main: Pick<Backend, 'table' | 'broker'>;
  readonly log: Logger;
}

const now = Date.now;
const random = Math.random;

/** The worker that runs the tasks of the user's file, given by its exports. */
export function createRunWorker(file: Readonly<Record<string, unknown>>, wiring: RunWiring): Worker {
  return createWorker({
    tasks: createRunWorkerTasks(exportedTasks(file), wiring),
    dependencies: undefined,
    broker: wiring.backend.broker,
    log: wiring.log,
    concurrency: 1,
    now,
    random,
  });
}

function createRunWorkerTasks(
  exported: readonly ExportedTask[],
  { backend, main, log }: RunWiring,
): readonly Task<unknown, unknown>[] {
  const definitions = exported.map(({ definition }) => definition);
  const accept = { backend, now, newId };
  // A task that calls another one needs no second connection.
  setTransport(createAcceptTransport(accept));
  const effects: RunEffects = {
    // The list has ids alone. The endpoints, which have secrets, are read by the senders: the user's code may not.
    wantsEvent: createAnyWebhook(main.table, now),
    publishEnd: createPublishEnd(publishByJob(main.broker)),
    memberEnded: createMemberEnded(accept),
    startNext: createStartNext(accept),
  };
  const clocks = { ...accept, tasks: definitions.map(({ description }) => description), log };
  const limits = createTaskLimits({ table: backend.table, now, random, wait: sleep, log });
  return [
    ...createRunTasks(definitions, {
      backend,
      now,
      random,
      log,
      email: { send: acceptEmail, sendBatch: acceptEmails },
      limits,
      effects,
      redact: createRedact(process.env),
    }),
    createTickTask((task) => handOverTick(task, clocks)) as Task<unknown, unknown>,
  ];
}
