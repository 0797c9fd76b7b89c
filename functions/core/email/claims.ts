import type { Table } from '../ports/table.ts';
import type { Logger } from '../ports/telemetry.ts';
import { renewClaim } from './transitions.ts';

/** A lease outlives the last moment its run can count on by this much, for clocks differ. */
const LEASE_MARGIN_MS = 2_000;
/** The last part of a lease is not used to begin a send, which takes a while; and clocks differ. */
const UNUSED_MS = 1_000;

/** The right of one run of a job to send an email, until its lease ends. */
export interface Claim {
  readonly emailId: string;
  /** The run's id, which tells this claim from any other on the same email. */
  readonly runId: string;
  /** Epoch ms; the record has the same. */
  readonly leaseUntilMs: number;
}

/** What one worker has claimed and not ended yet. */
export interface Claims {
  begin(claim: Claim): void;
  end(runId: string): void;
  /** Whether the run has claimed its email, and the claim is not known to be lost. */
  has(runId: string): boolean;
  /** False also when another worker may have claimed the email meanwhile, for the lease has ended or soon will. */
  maySend(runId: string): boolean;
  /**
   * Extends the leases to that of a run that can count on `deadlineMs` (epoch ms), where they gain `leastGainMs` or more.
   * A claim that the record does not have any more ends. Never rejects: a claim whose record cannot be written keeps its lease.
   */
  renew(deadlineMs: number, leastGainMs: number): Promise<void>;
  /** Ends all of them, for a function that is about to be frozen. */
  endAll(): void;
}

/** The end of the lease (epoch ms) of a run that can count on `deadlineMs`. */
export const leaseEnd = (deadlineMs: number): number => deadlineMs + LEASE_MARGIN_MS;

/** The claims of a worker that has none yet. */
export function createClaims({
  table,
  now,
  log,
}: {
  readonly table: Table;
  readonly now: () => number;
  readonly log: Logger;
}): Claims {
  const claims = new Map<string, Claim>();

  const renewOne = async ({ emailId, runId }: Claim, leaseUntilMs: number) => {
    const { applied } = await renewClaim(table, emailId, runId, leaseUntilMs);
    // It may have ended while it was renewed.
    if (claims.delete(runId) && applied) claims.set(runId, { emailId, runId, leaseUntilMs });
  };

  return {
    begin: (claim) => void claims.set(claim.runId, claim),
    end: (runId) => void claims.delete(runId),
    has: (runId) => claims.has(runId),
    maySend: (runId) => now() < (claims.get(runId)?.leaseUntilMs ?? 0) - UNUSED_MS,
    renew: async (deadlineMs, leastGainMs) => {
      const leaseUntilMs = leaseEnd(deadlineMs);
      const gaining = [...claims.values()].filter((claim) => leaseUntilMs - claim.leaseUntilMs >= leastGainMs);
      const outcomes = await Promise.allSettled(gaining.map((claim) => renewOne(claim, leaseUntilMs)));
      const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
      if (failed[0]) log.warn('claims could not be renewed', { claims: failed.length, error: failed[0].reason });
    },
    endAll: () => claims.clear(),
  };
}
