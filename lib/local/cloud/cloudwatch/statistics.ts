import type { Sample } from './metrics.ts';

/** A statistic of the samples of a period, which are one at least; undefined for a statistic that is not known here. */
export function statistic(name: string, samples: readonly Sample[]): number | undefined {
  const values = samples.map(({ value }) => value);
  const count = samples.reduce((all, one) => all + one.count, 0);
  const sum = samples.reduce((all, one) => all + one.count * one.value, 0);
  switch (name) {
    case 'SampleCount':
      return count;
    case 'Sum':
      return sum;
    case 'Average':
      return sum / count;
    case 'Minimum':
      return Math.min(...values);
    case 'Maximum':
      return Math.max(...values);
  }
  const percent = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(name)?.[1];
  return percent === undefined ? undefined : percentile(samples, Number(percent), count);
}

/** By nearest rank. CloudWatch estimates it. */
function percentile(samples: readonly Sample[], percent: number, count: number): number {
  const sorted = [...samples].sort((a, b) => a.value - b.value);
  let left = Math.max(1, Math.ceil((percent / 100) * count));
  for (const sample of sorted) {
    left -= sample.count;
    if (left <= 0) return sample.value;
  }
  return sorted.at(-1)?.value ?? 0;
}
