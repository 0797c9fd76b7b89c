/** How many recipients were done at a time. */
export interface Sample {
  readonly atMs: number;
  readonly done: number;
}

/** The rate is measured over this time: long enough for the steps in which progress is counted. */
const WINDOW_MS = 30_000;

/** The samples with another one, without those that the rate does not need any more. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const from = samples.findLastIndex(({ atMs }) => atMs <= sample.atMs - WINDOW_MS);
  return [...samples.slice(Math.max(0, from)), sample];
}

/** Recipients a second over the last 30 s; undefined before there are two samples that differ. */
export function measuredRate(samples: readonly Sample[], nowMs: number): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.atMs <= first.atMs) return undefined;
  return ((last.done - first.done) / (Math.max(nowMs, last.atMs) - first.atMs)) * 1000;
}
