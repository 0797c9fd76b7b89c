/** A metric: its name, and the values of its dimensions. */
export type MetricId = { namespace: string; name: string; dimensions: Readonly<Record<string, string>> };

/** The values of a metric within a time, and how often each occurred. */
export type Sample = { value: number; count: number };

/** The metrics of a cloud, in memory. */
export type Metrics = {
  put: (metric: MetricId, values: readonly number[], atMs: number) => void;
  /** The values from `fromMs` to before `toMs`, by the beginning of their minute. */
  read: (metric: MetricId, fromMs: number, toMs: number) => Map<number, Sample[]>;
};

const minuteMs = 60_000;
/** Three days. CloudWatch keeps minutes for fifteen. */
const keptMinutes = 3 * 24 * 60;

/** Creates a store without metrics. */
export function createMetrics(): Metrics {
  const minutesOf = new Map<string, Map<number, Map<number, number>>>();
  return {
    put: (metric, values, atMs) => {
      const key = keyOf(metric);
      const minutes = minutesOf.get(key) ?? new Map<number, Map<number, number>>();
      minutesOf.set(key, minutes);
      const minute = Math.floor(atMs / minuteMs) * minuteMs;
      const counts = minutes.get(minute) ?? new Map<number, number>();
      minutes.set(minute, counts);
      for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
      if (minutes.size > keptMinutes) minutes.delete(Math.min(...minutes.keys()));
    },
    read: (metric, fromMs, toMs) => {
      const minutes = [...(minutesOf.get(keyOf(metric)) ?? [])].filter(([at]) => at >= fromMs && at < toMs);
      return new Map(minutes.map(([at, counts]) => [at, [...counts].map(([value, count]) => ({ value, count }))]));
    },
  };
}

/** The order of the dimensions makes no difference. */
function keyOf({ namespace, name, dimensions }: MetricId): string {
  return JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
