import { expect, it } from 'vitest';
import { timeSort } from '../../../../functions/core/document/time-sort.ts';

it('timeSort orders by time first, as text, then by id', () => {
  const nowMs = Date.parse('2026-11-21T12:00:00Z');
  const sorted = [
    timeSort(0, 'z'),
    timeSort(999, 'a'),
    timeSort(1_000, 'a'),
    timeSort(nowMs, 'a'),
    timeSort(nowMs, 'b'),
    timeSort(nowMs + 0.6, 'a'),
  ];
  expect(sorted.toSorted()).toEqual(sorted);
});
