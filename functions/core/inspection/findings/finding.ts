import type { SendingState } from '../../pacing/sending-state.ts';
import type { QueueDepth } from '../../ports/inspection.ts';
import type { Table } from '../../ports/table.ts';

/** `unknown`: it could not be examined, and so is not called healthy. */
export type Level = 'ok' | 'warning' | 'problem' | 'unknown';

/** The result of a check, and what to do about it. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly text: string;
  readonly advice?: string;
}

/** The stores and settings that a check of the deployment's own state reads. */
export interface StateInput {
  readonly table: Table;
  /** The queues, without their ages where the broker does not tell them. */
  readonly depths: () => Promise<readonly QueueDepth[]>;
  /** Undefined while SES has not been asked. */
  readonly sending: () => Promise<SendingState | undefined>;
  readonly nowMs: number;
  /** The most emails and broadcasts that are looked at; 500 and 200 if absent. */
  readonly most?: { readonly emails: number; readonly broadcasts: number };
}

/** Examines one thing that the table and the queues tell. */
export interface StateCheck {
  readonly name: string;
  examine(input: StateInput): Promise<Finding[]>;
}
