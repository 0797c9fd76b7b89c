import type { EmailRecord } from '../../functions/core/email/record.ts';
import type { SimulatedTime } from '../helpers/simulated-time.ts';

/** One CPU: what is done on it is done one after the other. */
export function createCpu(workMs: number, time: SimulatedTime): () => Promise<void> {
  let freeAtMs = 0;
  return () => {
    freeAtMs = Math.max(freeAtMs, time.now()) + workMs;
    return time.wait(freeAtMs - time.now());
  };
}

/** A record of typical size. */
export function recordOf(id: string, queue: EmailRecord['queue'], nowMs: number): EmailRecord {
  return {
    id,
    status: 'queued',
    from: 'Example Shop <orders@example.com>',
    to: ['Somebody <somebody@example.org>'],
    subject: 'Your order has been shipped and will arrive soon',
    createdAtMs: nowMs,
    fingerprint: 'f',
    queue,
    attempts: 0,
    timeline: [{ atMs: nowMs, event: 'queued' }],
  };
}
