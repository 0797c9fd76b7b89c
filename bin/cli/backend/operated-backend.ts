import type { RedisCommand } from '../../../functions/adapters/redis/scan.ts';
import type { DocumentScan } from '../../../functions/core/document/scan.ts';
import type { Backend } from '../../../functions/core/ports/backend.ts';
import type { BodyStore } from '../../../functions/core/ports/bodies.ts';
import type { Broker } from '../../../functions/core/ports/broker.ts';
import type { Inspection } from '../../../functions/core/ports/inspection.ts';
import type { Table } from '../../../functions/core/ports/table.ts';
import type { RunStores } from '../../../functions/core/privacy/runs.ts';

/** A deployment's queues and documents as the commands see them, with either backend. */
export interface OperatedBackend {
  readonly table: Table;
  readonly bodies: BodyStore;
  readonly broker: Broker;
  /** Changes a document and queues its job; an interruption leaves no changed document without a job. */
  readonly updateAndSend: Backend['updateAndSend'];
  /** Everything that the table and the store of the bodies hold. */
  readonly scan: DocumentScan;
  /** The stores of the runs of the user's tasks, if they are others: with backend=redis. */
  readonly runs?: RunStores;
  /** Opens the queues. It is a function because most commands need no SQS client. */
  inspection(): Promise<Inspection>;
  /** Sends one command to the database; absent with backend=aws. */
  readonly redis?: RedisCommand;
  /** The places that keep deleted documents, and for how long, a line each; `forget` shows them. */
  readonly remains: readonly string[];
}
