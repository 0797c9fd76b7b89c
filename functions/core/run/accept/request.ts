import type { TaskDescription } from '../definition/manifest.ts';
import type { ChainCall, RunRecord, StoredJson } from '../run.ts';

/** The facts about a task that accepting its calls needs; from the definition or from the manifest. */
export type AcceptedTask = Pick<TaskDescription, 'name' | 'priority' | 'keep' | 'keepDays'>;

/** One call of a task, its arguments checked. */
export interface AcceptRequest {
  readonly task: AcceptedTask;
  /** JSON text, at most 5 MB; absent: no arguments. */
  readonly argsJson?: string | undefined;
  /** Replaces the priority of the task. */
  readonly priority?: TaskDescription['priority'] | undefined;
  /** Not before this time, epoch ms; at most 30 days ahead. */
  readonly dueAtMs?: number | undefined;
  /** Expires unless it has begun by then, epoch ms. */
  readonly notAfterMs?: number | undefined;
  /** 1 to 256 characters. Calls of one task with the same key and arguments are one run for `uniqueMs`. */
  readonly idempotencyKey?: string | undefined;
  /** 24 hours if absent; at most 30 days. */
  readonly uniqueMs?: number | undefined;
  /** The id is given for a run that must exist once: of a clock's tick, a member of a group, the next one of a chain. */
  readonly id?: string | undefined;
  readonly group?: RunRecord['group'] | undefined;
  readonly then?: readonly ChainCall[] | undefined;
  readonly previous?: StoredJson | undefined;
  readonly tickMs?: number | undefined;
  readonly keyId?: string | undefined;
}
