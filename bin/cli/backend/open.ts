import type { DocumentScan } from '../../../functions/core/document/scan.ts';
import type { BodyStore } from '../../../functions/core/ports/bodies.ts';
import type { Table } from '../../../functions/core/ports/table.ts';
import type { DeadLetterQueue } from '../commands/dead-letters/queue.ts';
import type { Check } from '../commands/doctor/finding.ts';
import type { Deployment } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';

/** Jobs of one queue; SQS calls its own numbers approximate, and those of timers are. */
export interface Depth {
  readonly queue: string;
  readonly waiting: number;
  /** With a worker right now. */
  readonly running: number;
  /** Not before their time: retries and scheduled emails. */
  readonly delayed: number;
}

/** A deployment's queues and documents as the commands see them, whatever they are on. */
export interface OperatedBackend {
  readonly table: Table;
  readonly bodies: BodyStore;
  /** All that the table and the bodies' store hold. */
  readonly scan: DocumentScan;
  /** Every queue of the deployment, the dead letters last. */
  depths(): Promise<Depth[]>;
  deadLetters(): Promise<DeadLetterQueue>;
  /** What `doctor` examines of this kind of backend alone. */
  readonly checks: readonly Check[];
  /** Where deleted documents live on, and for how long: what `forget` says at its end, a line each. */
  readonly remains: readonly string[];
}

/** Opens what the deployment's outputs name. */
export async function openBackend(deployment: Deployment, terminal: Terminal): Promise<OperatedBackend> {
  if (!deployment.outputs.RedisNamespace) return (await import('./aws.ts')).openAwsBackend(deployment);
  return (await import('./redis.ts')).openRedisBackend(deployment, terminal);
}
