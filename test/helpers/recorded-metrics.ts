import type { Metrics } from '../../functions/core/ports/telemetry.ts';

/** Metrics that record each count as `sent transactional`, and each latency as `1500 ms transactional`. */
export function createRecordedMetrics(): Metrics & { readonly counted: string[] } {
  const counted: string[] = [];
  return {
    counted,
    count: (what, queue, times = 1) => void counted.push(...Array.from({ length: times }, () => `${what} ${queue}`)),
    sendLatency: (queue, ms) => void counted.push(`${ms} ms ${queue}`),
  };
}
