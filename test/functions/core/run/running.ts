import { newId } from '../../../../functions/core/ids.ts';
import type { Backend } from '../../../../functions/core/ports/backend.ts';
import type { Delivery } from '../../../../functions/core/ports/broker.ts';
import type { LogFields } from '../../../../functions/core/ports/telemetry.ts';
import { type AcceptDependencies, acceptRun } from '../../../../functions/core/run/accept/accept.ts';
import type { AcceptRequest } from '../../../../functions/core/run/accept/request.ts';
import type { TaskDefinition } from '../../../../functions/core/run/definition/definition.ts';
import { createRunTasks, type RunDependencies } from '../../../../functions/core/run/execution/tasks.ts';
import { type RunRecord, runKey } from '../../../../functions/core/run/run.ts';
import { createWorker } from '../../../../functions/core/task/worker.ts';
import { createMemoryBackend, type MemoryBackend } from '../../../helpers/memory-backend.ts';
import { createSimulatedTime, type SimulatedTime } from '../../../helpers/simulated-time.ts';

/** The queue's visibility timeout: when an unacknowledged delivery comes back. */
const VISIBILITY_MS = 120_000;
const MAX_RECEIVES = 5;

export interface RunningOptions {
  /** Replaces or wraps the ports of the worker, not those of accepting. */
  readonly ports?: (backend: MemoryBackend) => Backend;
  readonly dependencies?: Partial<RunDependencies>;
  /** The clock of the worker is so much ahead of that of the others, in ms. */
  readonly clockAheadMs?: number;
}

export interface Running {
  readonly backend: MemoryBackend;
  readonly time: SimulatedTime;
  readonly logged: { level: string; message: string; fields: LogFields | undefined }[];
  /** Deliveries that were given up. */
  readonly dead: Delivery[];
  accept(task: TaskDefinition, args?: unknown, request?: Partial<AcceptRequest>): Promise<string>;
  /** Works on everything that is due until then (ms from now; a day if absent), and on what follows from it. */
  drain(ms?: number): Promise<void>;
  /** Runs these deliveries with a worker of their own; answers those that are not acknowledged. */
  work(deliveries: readonly Delivery[], options?: RunningOptions): Promise<string[]>;
  read(id: string): Promise<RunRecord>;
  readonly acceptDependencies: AcceptDependencies;
}

/** Runs of tasks in memory, with simulated time. */
export function createRunning(definitions: readonly TaskDefinition[], options: RunningOptions = {}): Running {
  const time = createSimulatedTime();
  const backend = createMemoryBackend({ now: time.now });
  const acceptDependencies = { backend, now: time.now, newId };
  const logged: Running['logged'] = [];
  const dead: Delivery[] = [];
  const note = (level: string) => (message: string, fields?: LogFields) => void logged.push({ level, message, fields });
  const log = { info: note('info'), warn: note('warn'), error: note('error') };

  const work: Running['work'] = (deliveries, { ports, dependencies, clockAheadMs = 0 } = options) => {
    const its = ports?.(backend) ?? backend;
    const now = () => time.now() + clockAheadMs;
    const tasks = createRunTasks(definitions, {
      backend: its,
      now,
      random: () => 0.5,
      log,
      email: { send: async () => ({ id: 'email' }), sendBatch: async () => [] },
      effects: {},
      redact: (text) => text,
      after: (ms, then) => {
        let on = true;
        void time.wait(ms).then(() => on && then());
        return () => {
          on = false;
        };
      },
      ...dependencies,
    });
    const worker = createWorker({
      tasks,
      dependencies: undefined,
      broker: its.broker,
      log,
      concurrency: 10,
      now,
      random: () => 0.5,
    });
    return time.run(worker(deliveries, () => time.now() + 890_000));
  };

  const back: { readonly delivery: Delivery; readonly atMs: number }[] = [];
  const receives = new Map<string, number>();
  const next = async () => {
    const again = back.filter(({ atMs }) => atMs <= time.now());
    for (const one of again) back.splice(back.indexOf(one), 1);
    const fresh = [...(await backend.receive('tasks')), ...(await backend.receive('tasks-bulk'))];
    return [...again.map(({ delivery }) => delivery), ...fresh];
  };
  const nextAtMs = () =>
    Math.min(...backend.waiting().map(({ job }) => job.dueAtMs ?? 0), ...back.map(({ atMs }) => atMs));

  return {
    backend,
    time,
    logged,
    dead,
    acceptDependencies,
    work,
    accept: (task, args, request = {}) =>
      acceptRun({ task: task.description, argsJson: JSON.stringify(args), ...request }, acceptDependencies),
    async drain(ms = 86_400_000) {
      const untilMs = time.now() + ms;
      for (;;) {
        const deliveries = await next();
        if (deliveries.length === 0) {
          const atMs = nextAtMs();
          if (atMs > untilMs) return;
          await time.runUntil(Math.max(time.now(), atMs));
          continue;
        }
        const failed = new Set(await work(deliveries));
        for (const delivery of deliveries.filter(({ id }) => failed.has(id))) {
          const count = (receives.get(delivery.id) ?? 1) + 1;
          receives.set(delivery.id, count);
          if (count > MAX_RECEIVES) dead.push(delivery);
          else back.push({ delivery, atMs: time.now() + VISIBILITY_MS });
        }
      }
    },
    async read(id) {
      const run = await backend.table.get<RunRecord>(runKey(id));
      if (!run) throw new Error(`there is no run ${id}`);
      return run;
    },
  };
}
