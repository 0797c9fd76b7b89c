import { expect, it } from 'vitest';
import { claimChunk, insertChunk } from '../../../../../functions/core/broadcast/delivery/chunk.ts';
import { AFTER_LEASE_MS } from '../../../../../functions/core/broadcast/delivery/deliver-job.ts';
import { createMemoryBackend } from '../../../../helpers/memory-backend.ts';

it('a chunk of a crashed worker is claimed at the end of the lease by the delivery that comes again, by another job later', async () => {
  const { table } = createMemoryBackend();
  const chunk = { broadcastId: 'b', n: 0 };
  await insertChunk(table, { ...chunk, recipients: ['c'] }, Date.now() + 1_000_000);
  const claim = async (deliveryId: string, nowMs: number) => {
    const run = { runId: `run at ${nowMs}`, deliveryId, nowMs, leaseUntilMs: nowMs + 60_000 };
    return (await claimChunk(table, chunk, { ...run, afterLeaseMs: AFTER_LEASE_MS })).applied;
  };
  expect(await claim('one', 0)).toBe(true);
  expect([await claim('one', 60_000), await claim('another', 60_001)]).toEqual([false, false]);
  expect(await claim('one', 60_001)).toBe(true);
  expect(await claim('another', 120_001 + AFTER_LEASE_MS)).toBe(false);
  expect(await claim('another', 120_002 + AFTER_LEASE_MS)).toBe(true);
});
