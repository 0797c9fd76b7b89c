/** SES counts in steps of 15 minutes and shows two weeks of them. */
const STEP_MS = 15 * 60 * 1000;
const KEPT_STEPS = (14 * 24 * 60 * 60 * 1000) / STEP_MS;

/** One data point of GetSendStatistics. */
export type SendDataPoint = {
  startMs: number;
  deliveryAttempts: number;
  bounces: number;
  complaints: number;
  rejects: number;
};

/** The counters behind GetSendStatistics. */
export type Statistics = {
  count(what: Exclude<keyof SendDataPoint, 'startMs'>): void;
  points(): SendDataPoint[];
};

/** Counts events in steps of 15 minutes; steps are dropped after two weeks. */
export function createStatistics(now: () => number): Statistics {
  const points = new Map<number, SendDataPoint>();
  const current = (): SendDataPoint => {
    const startMs = now() - (now() % STEP_MS);
    const existing = points.get(startMs);
    if (existing) return existing;
    const point = { startMs, deliveryAttempts: 0, bounces: 0, complaints: 0, rejects: 0 };
    points.set(startMs, point);
    for (const oldest of points.keys()) {
      if (points.size <= KEPT_STEPS) break;
      points.delete(oldest);
    }
    return point;
  };
  return {
    count: (what) => {
      current()[what] += 1;
    },
    points: () => [...points.values()],
  };
}
