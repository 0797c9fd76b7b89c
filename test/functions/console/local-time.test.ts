import { expect, it } from 'vitest';
import { fromLocal, toLocal } from '../../../functions/console/parts/form/local-time.ts';

it('turns times into those of a field and back, to the minute', () => {
  const at = '2026-11-22T10:15:00.000Z';
  expect(toLocal(at)).toMatch(/^2026-11-2[123]T\d\d:\d\d$/);
  expect(fromLocal(toLocal(at))).toBe(at);
  expect([toLocal(undefined), toLocal('x'), fromLocal('')]).toEqual(['', '', undefined]);
});
