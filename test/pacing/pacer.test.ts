import { describe, expect, it } from 'vitest';
import { type Scenario, simulate } from './simulation.ts';

const seconds = 30;
const cells = [14, 200].flatMap((ratePerSecond) =>
  [1, 2, 10, 50].map((senders) => ({ senders, ratePerSecond, seconds })),
);

/** SES's limits in force, several functions, one clock document with the latencies of a real table; simulated time. */
describe('the pacer of many functions', () => {
  it.each(cells)(
    'keeps $ratePerSecond a second with $senders senders, and lets transactional email go first',
    async (cell) => {
      const { share, throttled, waitMs } = await simulate(cell);
      expect(share).toBeGreaterThan(0.95);
      expect(share).toBeLessThan(1);
      expect(throttled).toBe(0);
      expect(waitMs.p95).toBeLessThan(1_000);
    },
  );

  it.each<[string, Partial<Scenario>]>([
    ['emails to up to ten recipients', { mostRecipients: 10 }],
    ['clocks that differ by up to a quarter of a second', { skewMs: 250 }],
    ['functions that stand still for three seconds', { freezes: true, seconds: 120 }],
    ['hardly any burst', { ratePerSecond: 200, burst: 14 }],
  ])('is exact with %s', async (_what, changes) => {
    const { share, throttled } = await simulate({ senders: 10, ratePerSecond: 14, seconds, ...changes });
    expect(share).toBeGreaterThan(0.93);
    expect(throttled).toBe(0);
  });

  it.each([14, 200])(
    'goes on at %i a second in functions that are always late, for want of CPU',
    async (ratePerSecond) => {
      const { share, throttled } = await simulate({ senders: 10, ratePerSecond, seconds, lagMs: 400 });
      expect(share).toBeGreaterThan(0.15);
      expect(throttled).toBe(0);
    },
  );

  it('leaves to others in the account what they use, and takes the rest', async () => {
    const { share, throttled } = await simulate({ senders: 10, ratePerSecond: 14, seconds: 300, othersPerSecond: 4 });
    expect(share).toBeGreaterThan(0.6);
    expect(throttled).toBeLessThan(30);
  });

  it('makes few writes, however many functions wait', async () => {
    const { tableWrites } = await simulate({ senders: 50, ratePerSecond: 14, seconds });
    expect(tableWrites / seconds).toBeLessThan(100);
  });
});
