import type { Table } from '../../ports/table.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { Deferral } from '../record.ts';
import { renewClaim } from '../transitions.ts';

/** A lease ends this much after the deadline of its run, as clocks differ. */
const LEASE_MARGIN_MS = 2_000;
/** No send begins in the last part of a lease: a send takes a while, and clocks differ. */
const UNUSED_MS = 1_000;

/** The right of one run to send what a document stands for, until its lease ends: an email, or a chunk of a broadcast. */
export interface Claim {
  /** The document that holds it, as `claimedBy` and `leaseUntilMs`: the record of the email, or the chunk. */
  readonly key: string;
  /** Distinguishes this claim from every other one on the same document. */
  readonly runId: string;
  /** Epoch ms, as on the document. */
  readonly leaseUntilMs: number;
  /** The deferral on an email's record when it was claimed. */
  readonly deferred?: Deferral | undefined;
}

/** The open claims of one worker. */
export interface Claims {
  begin(claim: Claim): void;
  end(runId: string): void;
  /** The claim of the run; undefined if it has none or is known to have lost it. */
  of(runId: string): Claim | undefined;
  /** False also when the lease has ended or soon will: another worker may have claimed the document. */
  maySend(runId: string): boolean;
  /**
   * Extends the leases to that of a run with this deadline (epoch ms), where that gains at least `leastGainMs`. A claim that
   * is no longer on its document ends. Never rejects: a claim whose document cannot be written keeps its lease.
   */
  renew(deadlineMs: number, leastGainMs: number): Promise<void>;
  /** Ends all claims, before the function is frozen. */
  endAll(): void;
}

/** The end of the lease (epoch ms) of a run with this deadline. */
export const leaseEnd = (deadlineMs: number): number => deadlineMs + LEASE_MARGIN_MS;

/** Makes an empty set of claims for a worker. */
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

  const renewOne = async (claim: Claim, leaseUntilMs: number) => {
    const { key, runId } = claim;
    const { applied } = await renewClaim(table, key, runId, leaseUntilMs);
    // The claim may have ended meanwhile.
    if (claims.delete(runId) && applied) claims.set(runId, { ...claim, leaseUntilMs });
  };

  return {
    begin: (claim) => void claims.set(claim.runId, claim),
    end: (runId) => void claims.delete(runId),
    of: (runId) => claims.get(runId),
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
