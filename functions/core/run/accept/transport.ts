import type { RunPriority, TaskDescription } from '../definition/manifest.ts';
import type { Json } from '../run.ts';

/** One call of a task on its way to the deployment; its arguments are checked. */
export interface RunRequest {
  readonly task: string;
  readonly args?: Json | undefined;
  readonly dueAtMs?: number | undefined;
  readonly expiresAtMs?: number | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly uniqueMs?: number | undefined;
  readonly priority?: RunPriority | undefined;
  /** The calls that follow its success, one after the other. */
  readonly then?: readonly RunRequest[] | undefined;
  /** As the caller's code declares the task. Not sent by HTTP: the API has the manifest. */
  readonly declared: Pick<TaskDescription, 'name' | 'priority' | 'keep' | 'keepDays'>;
}

/** A group of calls. */
export interface GroupRequest {
  readonly members: readonly RunRequest[];
  /** Called when all members have ended, with `{ group, total, succeeded, failed }`. */
  readonly then?: RunRequest | undefined;
}

/** The way to a deployment. */
export interface Transport {
  /** Answers the ids in order when all are durable. */
  accept(requests: readonly RunRequest[]): Promise<readonly { readonly id: string }[]>;
  group(request: GroupRequest): Promise<{ readonly id: string }>;
}
