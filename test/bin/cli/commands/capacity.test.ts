import { describe, expect, it } from 'vitest';
import { perSecond, tooFew } from '../../../../bin/cli/commands/doctor/capacity.ts';

const senders = { what: 'bulk email', functions: 2, inFlight: 10, memoryMb: 512, option: 'bulkMaxConcurrency' };

describe('what a sending function carries', () => {
  it.each([
    ['its share of a CPU', { inFlight: 10, memoryMb: 512 }, 45],
    ['the emails in flight', { inFlight: 10, memoryMb: 1_769 }, 66],
    ['one CPU, however much memory it has', { inFlight: 100, memoryMb: 10_240 }, 158],
  ])('is limited by %s', (_, size, expected) => {
    expect(Math.floor(perSecond(size))).toBe(expected);
  });

  it('is compared with the rate', () => {
    expect(tooFew(senders, 91)).toEqual([]);
    expect(tooFew(senders, 200)).toMatchObject([
      { advice: expect.stringMatching(/^raise bulkMaxConcurrency to 5, or send/) },
    ]);
  });

  it('is not said to grow with memory when the emails in flight limit it', () => {
    const [finding] = tooFew({ ...senders, memoryMb: 1_024 }, 201);
    expect(finding?.advice).toMatch(/^raise bulkMaxConcurrency to 4, if/);
  });
});
