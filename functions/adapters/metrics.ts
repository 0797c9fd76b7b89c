import type { EmailCount, Metrics } from '../core/ports/telemetry.ts';
import type { QueueName } from '../core/queues.ts';

/** The CloudWatch namespace of our own metrics. */
export const METRIC_NAMESPACE = 'Sendoff';
/** Their names, by what is counted. */
export const countMetrics = {
  accepted: 'Accepted',
  sent: 'Sent',
  failed: 'Failed',
  retried: 'Retried',
  handedOver: 'HandedOver',
  requeued: 'Requeued',
} as const satisfies Record<EmailCount, string>;
/** Milliseconds from accepted, or due, to sent. */
export const SEND_LATENCY_METRIC = 'SendLatency';
/** What SQS tells CloudWatch of its queues and Redis does not: on Redis the schedule function tells it once a minute. */
export const queueMetrics = { deadLetters: 'DeadLetters', jobs: 'Jobs', oldestJobAge: 'OldestJobAge' } as const;

/** The unit of each metric that is no count. */
const units: Readonly<Record<string, string>> = {
  [SEND_LATENCY_METRIC]: 'Milliseconds',
  [queueMetrics.oldestJobAge]: 'Seconds',
};

/** Told together, 0 where nothing happened: an alarm that compares them must not miss one. */
const sendingCounts: readonly EmailCount[] = ['sent', 'failed', 'retried'];

/** CloudWatch takes this many values of a metric in one line. */
const MOST_VALUES = 100;

/** Metrics that are collected in memory and written by `flush`. */
export interface BufferedMetrics extends Metrics {
  /** Writes what was counted since the last time: one line for each queue it happened on, none if nothing did. */
  flush(): void;
}

interface QueueMetrics {
  readonly counts: Map<EmailCount, number>;
  latenciesMs: number[];
}

/**
 * Metrics as log lines in CloudWatch's embedded metric format: no API call, no permission, no wait.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * What it costs: a line of some 300 bytes for an invocation, not for an email ($0.15 for a million at $0.50/GB), and
 * $0.30 a month for each metric and queue in use beyond CloudWatch's ten free ones: the five of sending are ten.
 */
export function createMetrics(
  deployment: string,
  write = (line: string) => void process.stdout.write(line),
  now: () => number = Date.now,
): BufferedMetrics {
  const queues = new Map<QueueName, QueueMetrics>();
  const metricsOf = (queue: QueueName): QueueMetrics => {
    const metrics = queues.get(queue) ?? { counts: new Map(), latenciesMs: [] };
    queues.set(queue, metrics);
    return metrics;
  };
  return {
    count: (what, queue, times = 1) => {
      const { counts } = metricsOf(queue);
      if (sendingCounts.includes(what)) for (const other of sendingCounts) counts.set(other, counts.get(other) ?? 0);
      counts.set(what, (counts.get(what) ?? 0) + times);
    },
    sendLatency: (queue, ms) => void metricsOf(queue).latenciesMs.push(Math.max(0, Math.round(ms))),
    flush: () => {
      for (const [queue, { counts, latenciesMs }] of queues) {
        const values = new Map<string, number | number[]>([...counts].map(([what, sum]) => [countMetrics[what], sum]));
        for (let start = 0; start < latenciesMs.length || values.size > 0; start += MOST_VALUES) {
          const some = latenciesMs.slice(start, start + MOST_VALUES);
          if (some.length > 0) values.set(SEND_LATENCY_METRIC, some);
          write(`${embedded({ Deployment: deployment, Queue: queue }, values, now())}\n`);
          values.clear();
        }
      }
      queues.clear();
    },
  };
}

/** How a backend's queues stand. */
export interface QueueState {
  readonly deadLetters: number;
  /** Absent while there is nothing in any queue. */
  readonly queues?: readonly { readonly queue: QueueName; readonly jobs: number; readonly oldestMs: number }[];
}

/**
 * Writes how the queues stand: a line for the dead letters, zero of them too, so that a graph tells none from not looked; and
 * one for each queue when there is something to tell.
 */
export function writeQueueState(
  deployment: string,
  { deadLetters, queues = [] }: QueueState,
  write = (line: string) => void process.stdout.write(line),
  now: () => number = Date.now,
): void {
  const line = (dimensions: Record<string, string>, values: readonly (readonly [string, number])[]) =>
    write(`${embedded({ Deployment: deployment, ...dimensions }, new Map(values), now())}\n`);
  line({}, [[queueMetrics.deadLetters, deadLetters]]);
  for (const { queue, jobs, oldestMs } of queues)
    line({ Queue: queue }, [
      [queueMetrics.jobs, jobs],
      [queueMetrics.oldestJobAge, Math.round(oldestMs / 1000)],
    ]);
}

/** Runs a handler and writes what it counted, however it ends. */
export function withMetrics<Arguments extends unknown[], Answer>(
  metrics: BufferedMetrics,
  handler: (...args: Arguments) => Promise<Answer>,
): (...args: Arguments) => Promise<Answer> {
  return async (...args) => {
    try {
      return await handler(...args);
    } finally {
      metrics.flush();
    }
  };
}

function embedded(
  dimensions: Record<string, string>,
  values: ReadonlyMap<string, number | number[]>,
  timestampMs: number,
): string {
  const Metrics = [...values.keys()].map((Name) => ({ Name, Unit: units[Name] ?? 'Count' }));
  const directive = { Namespace: METRIC_NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics };
  return JSON.stringify({
    _aws: { Timestamp: timestampMs, CloudWatchMetrics: [directive] },
    ...dimensions,
    ...Object.fromEntries(values),
  });
}
