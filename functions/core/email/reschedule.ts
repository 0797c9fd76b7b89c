import type { Backend } from '../ports/backend.ts';
import type { BodyStore } from '../ports/bodies.ts';
import type { WriteOutcome } from '../ports/table.ts';
import { bodyKey } from './body.ts';
import type { EmailRecord } from './record.ts';
import { sendJob } from './send/send.ts';
import { reschedule, retry } from './transitions.ts';

type Outcome = Promise<WriteOutcome<EmailRecord>>;

/** Gives a scheduled email another time. The record and the body are then kept for `retentionMs` after that time. */
export async function rescheduleEmail(
  record: EmailRecord,
  scheduledAtMs: number,
  { backend, nowMs, retentionMs }: { backend: Backend; nowMs: number; retentionMs: number },
): Outcome {
  const { id, fingerprint } = record;
  const expiresAtMs = scheduledAtMs + retentionMs;
  const job = scheduledAtMs - nowMs <= backend.delayHorizonMs ? sendJob(record, scheduledAtMs) : undefined;
  const outcome = await reschedule(backend, id, { scheduledAtMs, expiresAtMs, job }, nowMs);
  // Also when the time stays the same: an earlier call may have stopped before this line.
  if (outcome.applied && scheduledAtMs >= (record.scheduledAtMs ?? 0))
    await keepBody(backend.bodies, bodyKey(id, fingerprint), expiresAtMs);
  return outcome;
}

/** Extends the lifetime of a body, which needs a new write. */
async function keepBody(bodies: BodyStore, key: string, expiresAtMs: number): Promise<void> {
  const bytes = await bodies.get(key);
  if (bytes) await bodies.put(key, bytes, expiresAtMs);
}

/** Queues a failed email again, with a new deadline; also one that is queued already, as the job of an earlier call may have been lost. */
export async function retryEmail(
  record: EmailRecord,
  { backend, nowMs }: { backend: Pick<Backend, 'broker' | 'updateAndSend'>; nowMs: number },
): Outcome {
  const outcome = await retry(backend, record.id, sendJob(record, undefined, nowMs), nowMs);
  const { applied, document } = outcome;
  if (applied || document?.status !== 'queued' || document.attempts > 0) return outcome;
  await backend.broker.send([sendJob(document, undefined, nowMs)]);
  return { applied: true, document };
}
