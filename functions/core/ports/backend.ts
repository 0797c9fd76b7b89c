import type { BodyStore } from './bodies.ts';
import type { Broker, OutgoingJob } from './broker.ts';
import type { Change, Condition, Document, NewDocument, Table, WriteOutcome } from './table.ts';

/** Everything that is stored when an email, or a run of a task, is accepted. */
export interface Submission {
  readonly record: NewDocument;
  /** Absent for a run whose arguments are on the record. */
  readonly body?: { readonly key: string; readonly bytes: Uint8Array };
  /** Absent when it is due later than the broker can delay. */
  readonly job?: OutgoingJob;
  /** False when no other request can use this record's key, so that a failed submission may be rolled back. */
  readonly repeatable: boolean;
}

/** A broker and a table that belong together. */
export interface Backend {
  readonly table: Table;
  readonly bodies: BodyStore;
  readonly broker: Broker;
  /** Jobs due within this time (ms) are queued at once; later ones wait in the `due` index. */
  readonly delayHorizonMs: number;
  /**
   * Stores records, bodies and jobs in one network round trip; answers one outcome for each submission, in order.
   * Rejects (retryable) unless everything is durable; the request must then not be answered with 2xx.
   */
  submit(submissions: readonly Submission[]): Promise<WriteOutcome[]>;
  /**
   * Updates a document and, if that applied, queues its job. On Redis this is one step. On AWS the job comes second: after
   * a crash in between, the `due` index or the caller, who got no answer, repeats it.
   */
  updateAndSend<T extends Document>(
    key: string,
    change: Change,
    anyOf: readonly Condition[],
    job: OutgoingJob,
  ): Promise<WriteOutcome<T>>;
}
