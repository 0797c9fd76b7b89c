import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseCron, startSchedule } from '../../../../../lib/local/cloud/event-bridge/schedule.ts';

describe('cron expressions', () => {
  it.each([
    ['* * * * ? *', '2026-11-21T10:59:00Z', true],
    ['0/15 * * * ? *', '2026-11-21T10:45:00Z', true],
    ['0/15 * * * ? *', '2026-11-21T10:46:00Z', false],
    ['*/2 * * * ? *', '2026-11-21T10:46:00Z', true],
    ['5-7 * * * ? *', '2026-11-21T10:07:00Z', true],
    ['5-7 * * * ? *', '2026-11-21T10:08:00Z', false],
    ['0 3,15 * * ? *', '2026-11-21T15:00:00Z', true],
    ['0 3 ? * 7 *', '2026-11-21T03:00:00Z', true],
    ['0 3 ? * 1 *', '2026-11-21T03:00:00Z', false],
    ['0 3 ? * MON-SAT *', '2026-11-21T03:00:00Z', true],
    ['0 3 ? NOV SUN *', '2026-11-21T03:00:00Z', false],
    ['0 3 21 11 ? 2026', '2026-11-21T03:00:00Z', true],
    ['0 3 21 11 ? 2027', '2026-11-21T03:00:00Z', false],
  ])('%s at %s: %s', (fields, time, expected) => {
    expect(parseCron(fields)(new Date(time))).toBe(expected);
  });

  it.each(['* * * *', '* * ? * MON#1 *', 'x * * * ? *'])('refuses what it cannot read: %s', (fields) => {
    expect(() => parseCron(fields)).toThrow(/cron/);
  });
});

describe('a schedule', () => {
  beforeEach(() => void vi.useFakeTimers({ now: new Date('2026-11-21T10:00:30Z') }));
  afterEach(() => void vi.useRealTimers());

  it.each([
    ['rate(1 minute)', 60_000],
    ['rate(5 minutes)', 300_000],
    ['rate(1 hour)', 3_600_000],
    ['cron(* * * * ? *)', 30_000],
    ['cron(5 * * * ? *)', 270_000],
  ])('%s runs first after %i ms, and not once it is stopped', (expression, firstMs) => {
    const run = vi.fn();
    const schedule = startSchedule(expression, undefined, run);
    vi.advanceTimersByTime(firstMs - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
    schedule.stop();
    vi.advanceTimersByTime(86_400_000);
    expect(run).toHaveBeenCalledOnce();
  });
});
