import type { Finding, Level, StateCheck } from '../../../../functions/core/inspection/findings/finding.ts';
import { SENDING_KEY, type SendingState } from '../../../../functions/core/pacing/sending-state.ts';
import type { OperatedBackend } from '../../backend/operated-backend.ts';
import type { Deployment } from '../../deployment.ts';

export type { Finding, Level };

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

/** A check of the deployment's own state, which `GET /status` makes too. */
export const ofState = ({ name, examine }: StateCheck): Check => ({
  name,
  alsoLocal: true,
  examine: async ({ backend, nowMs }) => {
    const { table, inspection } = await backend();
    return examine({
      table,
      depths: async () => (await inspection()).depths(),
      sending: () => table.get<SendingState>(SENDING_KEY),
      nowMs,
    });
  },
});
