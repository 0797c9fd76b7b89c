import type { OperatedBackend } from '../../backend/open.ts';
import type { Deployment } from '../../deployment.ts';

/** `unknown`: it could not be looked at. A doctor who cannot see says so, and does not call it healthy. */
export type Level = 'ok' | 'warning' | 'problem' | 'unknown';

/** What a check found, and what to do about it. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly text: string;
  readonly advice?: string;
}

/** What a check works on. */
export interface Patient {
  readonly deployment: Deployment;
  /** Its queues and documents; rejects when they cannot be reached. */
  readonly backend: () => Promise<OperatedBackend>;
  readonly nowMs: number;
  /** The sender that is asked about, if one is. */
  readonly from?: string;
}

/** Looks at one thing; what it throws becomes an `unknown` finding under its name. */
export interface Check {
  readonly name: string;
  /** False: on AWS alone. */
  readonly alsoLocal: boolean;
  examine(emailRetry: Patient): Promise<Finding[]>;
}
