import { describe, expect, it } from 'vitest';
import { backoffSeconds, emailRetry } from '../../../../functions/core/task/retry.ts';

const longest = (attempt: number) => backoffSeconds(emailRetry, attempt, () => 1);

describe('backoffSeconds', () => {
  it('doubles from the base to the cap', () => {
    expect([1, 2, 3, 4, 8, 9, 10, 49].map(longest)).toEqual([2, 4, 8, 16, 256, 512, 900, 900]);
    expect(longest(10_000)).toBe(900);
  });

  it('draws evenly from 0 to the bound', () => {
    expect(backoffSeconds(emailRetry, 3, () => 0)).toBe(0);
    expect(backoffSeconds(emailRetry, 3, () => 0.25)).toBe(2);
    expect(backoffSeconds(emailRetry, 3)).toBeLessThan(8);
  });
});

describe('the emailRetry policy', () => {
  it('lasts about five hours on average, with no wait longer than SQS can delay', () => {
    const waits = Array.from({ length: emailRetry.maxAttempts - 1 }, (_, index) => longest(index + 1));
    const averageHours = waits.reduce((sum, seconds) => sum + seconds / 2, 0) / 3600;
    expect(averageHours).toBeGreaterThan(4.5);
    expect(averageHours).toBeLessThan(5.5);
    expect(Math.max(...waits)).toBe(900);
  });
});
