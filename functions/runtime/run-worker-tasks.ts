import { setTimeout as sleep } from 'node:timers/promises';
import { handOverTick } from '../core/clock/handover.ts';
import { createTickTask } from '../core/clock/tick-job.ts';
import { newId } from '../core/ids.ts';
import type { Backend } from '../core/ports/backend.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { createStartNext } from '../core/run/chain.ts';
import { setTransport } from '../core/run/chosen-transport.ts';
import type { RunEmail } from '../core/run/definition.ts';
import { createMemberEnded } from '../core/run/group/finish.ts';
import { createAcceptTransport } from '../core/run/group/transport.ts';
import { createTaskLimits } from '../core/run/limit/task-limits.ts';
import { createPublishEnd } from '../core/run/publish.ts';
import { createRedact } from '../core/run/run-error.ts';
import type { RunEffects } from '../core/run/settle.ts';
import { createRunTasks } from '../core/run/tasks.ts';
import type { Task } from '../core/task/task.ts';
import { createAnyWebhook } from '../core/webhook/any-webhook.ts';
import { publishByJob } from '../core/webhook/publish-task.ts';
import type { ExportedTask } from './task-definitions.ts';

export interface RunWiring {
  /** Where the runs are. */
  readonly backend: Backend;
  /** Where emails and webhooks are: with `backend=aws` the same. */
  readonly main: Pick<Backend, 'table' | 'broker'>;
  readonly email: RunEmail;
  readonly log: Logger;
}

const now = Date.now;
const random = Math.random;

/** The tasks of the worker that runs the user's tasks. */
export function createRunWorkerTasks(
  exported: readonly ExportedTask[],
  { backend, main, email, log }: RunWiring,
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
      email,
      limits,
      effects,
      redact: createRedact(process.env),
    }),
    createTickTask((task) => handOverTick(task, clocks)) as Task<unknown, unknown>,
  ];
}
