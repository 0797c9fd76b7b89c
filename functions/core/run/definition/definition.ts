import type { AcceptedEmail, EmailInput } from '../../email/accept/email-input.ts';
import type { RunError } from '../run.ts';
import type { RateLimit, RunPriority, TaskDescription } from './manifest.ts';
import type { StandardSchemaV1 } from './standard-schema.ts';

/** How a task runs. Every field has a default. */
export interface TaskOptions<Args = unknown, Input = Args> {
  /** Checks the arguments when the task is called and again when it runs: a schema of zod, valibot, arktype … */
  readonly args?: StandardSchemaV1<Input, Args>;
  readonly retry?: {
    /** Starts in all, 1 to 100; 5 if absent. A start that ends in a crash of the function counts. */
    readonly attempts?: number;
    /** Exponential with full jitter if absent. */
    readonly backoff?: 'exponential' | 'fixed';
    /** The wait after the first attempt; 2 if absent. */
    readonly delaySeconds?: number;
    /** The longest wait; 900 if absent, at most 604,800 (7 days). */
    readonly maxDelaySeconds?: number;
  };
  /** The time for one attempt, 1 to 840; 30 if absent. */
  readonly timeoutSeconds?: number;
  /** The most starts in a time, of all functions together. */
  readonly rateLimit?: RateLimit;
  /** The most runs at the same time, of all functions together, 1 to 1,000. */
  readonly concurrency?: number;
  /** The queue; `transactional` if absent. */
  readonly priority?: RunPriority;
  /** False: a call is one message. It has no record, no result, no steps, and `GET /runs` does not know it. */
  readonly keep?: boolean;
  /** Days from its end until a run is deleted, 1 to 365; 7 if absent. */
  readonly keepDays?: number;
  /** The arguments that may be logged; none if absent. */
  logged?(args: Args): Record<string, string | number | boolean>;
  /** Called once when a run has failed for good; again if the function crashes meanwhile. */
  onFailed?(args: Args, error: RunError, run: RunContext): Promise<void> | void;
}

/** The second argument of a task's function. */
export interface RunContext {
  readonly id: string;
  readonly task: string;
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborts before the time-out (5 s before, a tenth of a shorter time), and when the run is canceled. */
  readonly signal: AbortSignal;
  readonly log: RunLog;
  /** The moment that the run is for, if a clock made it. */
  readonly tick?: Date;
  /** In a chain: the result of the run before. */
  readonly previous?: unknown;
  /**
   * Does this once: the result (JSON, at most 1 MB) is kept, and a repeated run gets it without calling `fn`. Only a crash between the
   * effect and the keeping repeats it; `step.key` tells the callee that it is the same call.
   */
  step<T>(name: string, fn: (step: { readonly key: string }) => Promise<T> | T): Promise<T>;
  /** The key of the next step with this name: the same in every attempt. */
  stepKey(name: string): string;
  /** Shows how far the run is; written at most once a second, and at the end. */
  progress(done: number, total?: number): void;
  /** Ends this attempt; the same run goes on as attempt 1 with these arguments and without steps. For work longer than the time-out. */
  continue(args: unknown): never;
  readonly email: RunEmail;
}

export interface RunLog {
  info(message: string, fields?: { readonly [name: string]: unknown }): void;
  warn(message: string, fields?: { readonly [name: string]: unknown }): void;
  error(message: string, fields?: { readonly [name: string]: unknown }): void;
}

/** Sends emails of this deployment, without HTTP. */
export interface RunEmail {
  send(email: EmailInput, options?: { readonly idempotencyKey?: string }): Promise<AcceptedEmail>;
  /** 1 to 100 emails, on the queue for bulk mail. */
  sendBatch(
    emails: readonly EmailInput[],
    options?: { readonly idempotencyKey?: string },
  ): Promise<readonly AcceptedEmail[]>;
}

/** A task of the user as the worker knows it: the arguments are not parsed yet. */
export interface TaskDefinition {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: tasks of different arguments are in one list
  readonly options: TaskOptions<any, any>;
  readonly description: TaskDescription;
  // biome-ignore lint/suspicious/noExplicitAny: the same
  run(args: any, run: RunContext): Promise<unknown> | unknown;
}

/** Marks the tasks of a module among its exports, also those that another copy of this package made. */
export const USER_TASK = Symbol.for('sendoff.task');

/** True for a task that the user declared. */
export const isTaskDefinition = (value: unknown): value is TaskDefinition =>
  typeof value === 'object' && value !== null && USER_TASK in value;
