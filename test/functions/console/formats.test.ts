import { describe, expect, it } from 'vitest';
import { latestKnown, marksTo, runsOf, timeMarks } from '../../../functions/console/parts/chart/scale.ts';
import { rowsInView } from '../../../functions/console/parts/table/row-window.ts';
import {
  bytes,
  counted,
  duration,
  percent,
  relative,
  shortTime,
} from '../../../functions/console/parts/values/formats.ts';

describe('numbers', () => {
  it.each([
    [0, '0 emails'],
    [1, '1 email'],
    [12_345, '12,345 emails'],
  ])('of things have the unit in the right form: %d', (value, text) => expect(counted(value, 'email')).toBe(text));

  it.each([
    ['entry', '2 entries'],
    ['key', '2 keys'],
    ['address', '2 addresses'],
  ])('have the plural of %s', (unit, text) => expect(counted(2, unit)).toBe(text));

  it.each([
    [0, '0 %'],
    [1, '100 %'],
    [0.0123, '1.2 %'],
    [0.0005, '0.05 %'],
    [0.00001, '< 0.01 %'],
  ])('as shares: %d, and a share that is not zero is never shown as zero', (share, text) =>
    expect(percent(share)).toBe(text),
  );

  it.each([
    [0, '0 B'],
    [1023, '1,023 B'],
    [2048, '2 KiB'],
    [3.5 * 1024 * 1024, '3.5 MiB'],
  ])('of bytes: %d', (value, text) => expect(bytes(value)).toBe(text));
});

describe('times', () => {
  it.each([
    [0.4, '0.4 ms'],
    [85.4, '85 ms'],
    [1200, '1.2 s'],
    [59_999, '60 s'],
    [185_000, '3 min 5 s'],
    [3_600_000, '1 h'],
    [7_800_000, '2 h 10 min'],
    [3_599_900, '60 min'],
    [90_000_000, '1 d 1 h'],
  ])('of %d ms', (ms, text) => expect(duration(ms)).toBe(text));

  const now = Date.parse('2026-11-22T10:00:00Z');
  it.each([
    [-2000, 'just now'],
    [-59_000, '59 s ago'],
    [-61_000, '1 min ago'],
    [3 * 3_600_000, 'in 3 h'],
    [-50 * 3_600_000, '2 d ago'],
  ])('relative to now: %d ms', (away, text) => expect(relative(now + away, now)).toBe(text));

  it('of another day have their date', () => {
    const noon = new Date(2026, 10, 22, 12, 5).getTime();
    expect(shortTime(noon, noon)).toBe('12:05');
    expect(shortTime(noon - 86_400_000, noon)).toBe('21 Nov, 12:05');
  });
});

describe('an axis', () => {
  it.each([
    [0, [0, 1]],
    [1, [0, 0.5, 1]],
    [9, [0, 5, 10]],
    [60, [0, 20, 40, 60]],
    [1234, [0, 500, 1000, 1500]],
  ])('to %d has round marks', (max, marks) => expect(marksTo(max)).toEqual(marks));

  it('has marks at round times, and no more than there is room for', () => {
    const times = Array.from({ length: 60 }, (_, minute) => new Date(2026, 10, 22, 10, 3 + minute).toISOString());
    const marks = timeMarks(times, 5);
    expect(marks.map(({ text }) => text)).toEqual(['10:15', '10:30', '10:45', '11:00']);
    expect(marks[0]?.index).toBe(12);
  });

  it('reads the latest period that has a value and is over', () => {
    expect(latestKnown([{ values: [1, 2, null, null] }, { values: [null, null, null, 4] }], 2)).toBe(1);
    expect(latestKnown([{ values: [null, 3] }], 0)).toBeUndefined();
  });

  it('of a line without a value is interrupted', () => {
    expect(runsOf([1, 2, null, 4])).toEqual([
      [
        [0, 1],
        [1, 2],
      ],
      [[3, 4]],
    ]);
  });
});

describe('a long table', () => {
  it.each([0, 1, 50_000, 99_990])('renders what is on the screen and a part around it, from row %d', (first) => {
    const { start, end } = rowsInView(100_000, first * 35, 900, 35);
    expect(start).toBeLessThanOrEqual(first);
    expect(end).toBeGreaterThanOrEqual(Math.min(100_000, first + 26));
    expect(end - start).toBeLessThan(150);
  });
});
