import type { RunRequest } from '../core/run/accept/transport.ts';
import type { RunPriority, TaskDescription } from '../core/run/definition/manifest.ts';
import type { Json } from '../core/run/run.ts';

/** How one call of a task differs from its defaults. */
export interface CallOptions {
  /** Run no sooner than this many seconds from now; at most 30 days. */
  readonly delaySeconds?: number;
  /** Run no sooner than this; at most 30 days ahead. Text is ISO 8601. */
  readonly at?: Date | string;
  /** The run expires unless it has begun by then. */
  readonly expiresAt?: Date | string;
  /** 1 to 256 characters. Calls of this task with the same key and arguments are one run. */
  readonly idempotencyKey?: string;
  /** For how long the key is taken; 86,400 if absent, at most 30 days. */
  readonly uniqueSeconds?: number;
  /** The queue. */
  readonly priority?: RunPriority;
}

/** The call as a transport takes it. */
export function toRequest(
  { name, priority, keep, keepDays }: TaskDescription,
  args: unknown,
  { delaySeconds, at, expiresAt, idempotencyKey, uniqueSeconds, priority: its }: CallOptions,
): RunRequest {
  if (delaySeconds !== undefined && at !== undefined)
    throw new TypeError('Give either `delaySeconds` or `at`, not both');
  if (delaySeconds !== undefined && !(delaySeconds >= 0)) throw new TypeError('`delaySeconds` must be 0 or more');
  const json = JSON.stringify(args);
  return {
    task: name,
    args: json === undefined ? undefined : (JSON.parse(json) as Json),
    dueAtMs: delaySeconds === undefined ? timeOf('at', at) : Date.now() + delaySeconds * 1_000,
    expiresAtMs: timeOf('expiresAt', expiresAt),
    idempotencyKey,
    uniqueMs: uniqueSeconds === undefined ? undefined : uniqueSeconds * 1_000,
    priority: its,
    declared: { name, priority, keep, keepDays },
  };
}

function timeOf(option: string, time: Date | string | undefined): number | undefined {
  if (time === undefined) return undefined;
  const ms = new Date(time).getTime();
  if (Number.isNaN(ms)) throw new TypeError(`\`${option}\` must be a Date or a time in ISO 8601`);
  return ms;
}
