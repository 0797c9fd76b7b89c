import { describe, expect, it } from 'vitest';
import { simulateBroadcast } from './broadcast.ts';
import { simulateHandover } from './handover.ts';
import { simulateImport } from './imports.ts';
import { broadcastLoad, loads } from './loads.ts';
import { simulate } from './sending.ts';

/** The loads of `npm run scale`, for seconds instead of minutes. */
describe('a deployment under load, in simulated time', () => {
  it.each([
    ['14/s', 40],
    ['200/s', 12],
  ] as const)('keeps %s with the defaults, or the options that docs/scale.md names', async (name, duration) => {
    const outcome = await simulate({ ...loads[name], seconds: duration, rampSeconds: 5 });
    expect(outcome.share).toBeGreaterThan(0.94);
    expect(outcome).toMatchObject({ sesThrottles: 0, tableThrottles: 0, failed: 0, duplicated: 0, jobsDoubled: 0 });
    expect(outcome.transactionalWaitP95).toBeLessThan(1);
    expect(outcome.eventAge).toBeLessThan(10);
    // The sweep begins after 20 seconds.
    if (duration > 20) expect(outcome.jobsFound).toBe(outcome.jobsLost);
  });

  it('begins at 10 million an hour without a throttle of the slot document, however many functions compete', async () => {
    const outcome = await simulate({ ...loads['3,000/s'], seconds: 2, rampSeconds: 1 });
    expect(outcome).toMatchObject({ sesThrottles: 0, tableThrottles: 0, failed: 0, duplicated: 0 });
    expect(outcome.slotUnits).toBeLessThan(1_000);
    expect(outcome.listShardUnits).toBeLessThan(1_000);
  });

  it('falls behind with its events when the feedback function has too little', async () => {
    const little = { ...loads['200/s'], feedbackMemoryMb: 128, seconds: 20 };
    expect((await simulate(little)).eventAge).toBeGreaterThan(5);
  });

  it('sends a broadcast to each of 5,000 once at 10 million an hour, although functions are killed', async () => {
    const outcome = await simulateBroadcast({ ...broadcastLoad, recipients: 5_000, emailsPerKill: 1_500 });
    const counts = { sent: 5_000, twice: 0, lost: 0, status: 'sent', sesThrottles: 0 };
    expect(outcome).toMatchObject(counts);
    expect(outcome.killed).toBeGreaterThan(0);
    expect(outcome.slotUnits).toBeLessThan(1_000);
    expect(outcome.unitsAnEmail).toBeLessThan(3);
  });

  it('hands over 5,000 emails of one moment in seconds', async () => {
    const { minutes, queued } = await simulateHandover({ emails: 5_000, memoryMb: 512, indexShards: 4 });
    expect(queued).toBe(5_000);
    expect(minutes).toBeLessThan(0.5);
  });
});

describe('an import', () => {
  it('writes each contact and member once, and a few documents for each 1,000 rows', async () => {
    const { created, jobs, calls } = await simulateImport(20_000);
    expect([created, jobs]).toEqual([20_000, 4]);
    expect(calls).toEqual({
      'insert contact': 20_000,
      'insert member': 20_000,
      // The note of what is new, and the upsert's own look.
      'getMany contact': 40_000,
      'update contact-import': 40,
      'update segment-count': 20,
      'getMany segment': 21,
      'insert segment': 1,
      'insert segment-count': 1,
      'query contact-property': 2,
    });
  });
});
