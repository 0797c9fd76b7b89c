import type { OperatedBackend } from '../../backend/operated-backend.ts';
import type { Deployment } from '../../deployment.ts';

/** `unknown`: it could not be examined, and so is not called healthy. */
export type Level = 'ok' | 'warning' | 'problem' | 'unknown';

/** The result of a check, and what to do about it. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly text: string;
  readonly advice?: string;
}

/** The deployment that a check examines. */
export interface CheckInput {
  readonly deployment: Deployment;
  /** Its queues and documents; rejects when they cannot be reached. */
  readonly backend: () => Promise<OperatedBackend>;
  readonly nowMs: number;
  /** The sender that the user asks about, if any. */
  readonly from?: string;
}

/** Examines one thing; an error that it throws becomes an `unknown` finding under its name. */
export interface Check {
  readonly name: string;
  /** False for what exists on AWS alone. */
  readonly alsoLocal: boolean;
  examine(input: CheckInput): Promise<Finding[]>;
}
