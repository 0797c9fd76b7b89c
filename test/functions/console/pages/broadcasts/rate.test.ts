import { expect, it } from 'vitest';
import { measuredRate, type Sample, withSample } from '../../../../../functions/console/pages/broadcasts/rate.ts';

const samplesOf = (...samples: [atSeconds: number, done: number][]) =>
  samples.reduce<readonly Sample[]>((before, [at, done]) => withSample(before, { atMs: at * 1000, done }), []);

it('measures recipients a second over the last half minute', () => {
  expect(measuredRate(samplesOf([0, 10]), 3000)).toBeUndefined();
  expect(measuredRate(samplesOf([0, 0], [3, 60]), 3000)).toBe(20);
  const slower = samplesOf([0, 0], [10, 1000], [20, 1000], [35, 1000], [41, 1020]);
  expect(slower[0]).toEqual({ atMs: 10_000, done: 1000 });
  expect(measuredRate(slower, 50_000)).toBe(0.5);
});
