import type { BodyStore } from './bodies.ts';
import type { Broker, OutgoingJob } from './broker.ts';
import type { Change, Condition, Document, NewDocument, Table, WriteOutcome } from './table.ts';

/** What is made durable when an email is accepted. */
export interface Submission {
  readonly record: NewDocument;
  readonly body: { readonly key: string; readonly bytes: Uint8Array };
  /** Absent when the email is due later than the broker can delay. */
  readonly job?: OutgoingJob;
  /** False when no one else can know this record's key, so that a failed submission may be taken back. */
  readonly repeatable: boolean;
}

/** A broker and a table that belong together. */
export interface Backend {
  readonly table: Table;
  readonly bodies: BodyStore;
  readonly broker: Broker;
  /** Jobs due within this many ms are given to the broker at once; later ones wait in the `due` index. */
  readonly delayHorizonMs: number;
  /**
   * Makes records, bodies and jobs durable in one network round trip; one outcome a submission, in order.
   * Rejects (retryable) unless everything is durable; nothing of it may then be answered 2xx.
   */
  submit(submissions: readonly Submission[]): Promise<WriteOutcome[]>;
  /**
   * Changes a document as the table does and, if that applied, gives the broker its job. On Redis one step; elsewhere the job
   * comes second, and whoever dies in between leaves it to the `due` index, or to a caller who was told nothing and repeats.
   */
  updateAndSend<T extends Document>(
    key: string,
    change: Change,
    anyOf: readonly Condition[],
    job: OutgoingJob,
  ): Promise<WriteOutcome<T>>;
}
