import { setTimeout as sleep } from 'node:timers/promises';
import type { BodyStore } from '../../ports/bodies.ts';
import type { Table, WriteOutcome } from '../../ports/table.ts';
import type { Run } from '../../task/task.ts';
import { bodyKey } from '../body.ts';
import { type EmailRecord, recordKey } from '../record.ts';
import { claim } from '../transitions.ts';
import { type Claims, leaseEnd } from './claims.ts';

/** The waits of a first try in the worker: most jobs are only milliseconds too early. */
const CATCH_UP_MS = [20, 80, 300];

export interface TakeDependencies {
  readonly table: Table;
  readonly bodies: BodyStore;
  readonly claims: Claims;
  /** Waits, in ms; a parameter so that tests need not wait. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** Claims the record and reads the body in parallel; if one of them is missing, a first try waits a moment for it. */
export async function take(
  { id, fingerprint }: { id: string; fingerprint: string },
  run: Run,
  { table, bodies, claims, wait = sleep }: TakeDependencies,
): Promise<[WriteOutcome<EmailRecord>, Uint8Array | undefined]> {
  const { id: runId, job, now, deadlineMs } = run;
  const claimIt = async () => {
    const leaseUntilMs = leaseEnd(deadlineMs);
    const wanted = { runId, attempt: job.attempt, nowMs: now(), leaseUntilMs };
    const outcome = await claim(table, { id, fingerprint }, wanted);
    const deferred = outcome.document?.deferred;
    if (outcome.applied) claims.begin({ key: recordKey(id), runId, leaseUntilMs, deferred });
    return outcome;
  };
  const read = () => bodies.get(bodyKey(id, fingerprint));
  const reading = read();
  // If the read fails first, the run must not end before it knows whether it holds the claim.
  const [claiming] = await Promise.allSettled([claimIt(), reading]);
  if (claiming.status === 'rejected') throw claiming.reason;
  let [claimed, packed] = [claiming.value, await reading];
  for (const ms of job.attempt === 1 ? CATCH_UP_MS : []) {
    if (claimed.document && (packed || !claimed.applied)) break;
    await wait(ms);
    [claimed, packed] = await Promise.all([claimed.document ? claimed : claimIt(), packed ?? read()]);
  }
  return [claimed, packed];
}
