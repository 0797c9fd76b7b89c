import { sendingReport } from '../core/pacing/report.ts';
import type { SendingState } from '../core/pacing/sending-state.ts';
import type { EmailCount, Metrics } from '../core/ports/telemetry.ts';
import type { QueueName } from '../core/queues.ts';

/** The CloudWatch namespace of Sendoff's metrics. */
export const METRIC_NAMESPACE = 'Sendoff';
/** The metrics of the counts. */
export const countMetrics = {
  accepted: 'Accepted',
  sent: 'Sent',
  failed: 'Failed',
  retried: 'Retried',
  handedOver: 'HandedOver',
  requeued: 'Requeued',
  stalled: 'BroadcastStalled',
} as const satisfies Record<EmailCount, string>;
/** Milliseconds from the accept, or the scheduled time, to the send. */
export const SEND_LATENCY_METRIC = 'SendLatency';
/** SQS reports these to CloudWatch itself; for Redis the watchdog function reports them once a minute. */
export const queueMetrics = { deadLetters: 'DeadLetters', jobs: 'Jobs', oldestJobAge: 'OldestJobAge' } as const;
/** Whether sending is held (1 or 0), and the used share of the daily quota; written once a minute by whoever asks SES. */
export const sendingMetrics = { held: 'SendingHeld', quotaUsed: 'SendQuotaUsed' } as const;

/** Emails that SES reports as delivered, bounced or complained about; each email once. By deployment: a report names no queue. */
export const feedbackMetrics = { delivered: 'Delivered', bounced: 'Bounced', complained: 'Complained' } as const;

/** Seconds from the send until the feedback function had SES's `Send` event, where that is long. */
export const SEND_EVENT_AGE_METRIC = 'SendEventAge';
/** Younger `Send` events are not worth a line: SES and SNS take a moment. */
const LEAST_SEND_EVENT_AGE_MS = 10_000;

/** The units of metrics that are no counts. */
const units: Readonly<Record<string, string>> = {
  [sendingMetrics.quotaUsed]: 'Percent',
  [SEND_LATENCY_METRIC]: 'Milliseconds',
  [queueMetrics.oldestJobAge]: 'Seconds',
  [SEND_EVENT_AGE_METRIC]: 'Seconds',
};

/** Written together, with 0 for those without events: an alarm that compares them needs all. */
const sendingCounts: readonly EmailCount[] = ['sent', 'failed', 'retried'];

/** The most values of a metric in one line. */
const MOST_VALUES = 100;

/** Metrics that are collected in memory until `flush` writes them. */
export interface BufferedMetrics extends Metrics {
  /** Writes what was collected since the last time: one line for each queue that has something. */
  flush(): void;
}

interface QueueMetrics {
  readonly counts: Map<EmailCount, number>;
  latenciesMs: number[];
}

/**
 * Metrics as log lines in CloudWatch's embedded metric format, which need no API call, no permission and no wait.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 *
 * The cost: a line of some 300 bytes for each invocation ($0.15 for a million at $0.50/GB), and $0.30 a month for each
 * metric and queue in use beyond CloudWatch's ten free ones; the five metrics of sending count as ten.
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

/** The state of a backend's queues. */
export interface QueueState {
  readonly deadLetters: number;
  /** Absent while all queues are empty. */
  readonly queues?: readonly { readonly queue: QueueName; readonly jobs: number; readonly oldestMs: number }[];
}

/**
 * Writes the state of the queues: one line for the dead letters, even if there are none, so that a graph shows the 0, and one
 * for each queue that is given.
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

/**
 * Writes the state of sending as `Sending.refresh` answers it: one line, two metrics ($0.60 a month for a deployment). The rate is
 * in the line for queries of the logs and is no metric: it seldom changes.
 */
export function writeSendingState(
  deployment: string,
  state: SendingState,
  write = (line: string) => void process.stdout.write(line),
  now: () => number = Date.now,
): void {
  const { held, quotaUsedPercent, ratePerSecond } = sendingReport(state);
  const values = new Map([[sendingMetrics.held as string, held ? 1 : 0]]);
  if (quotaUsedPercent !== undefined) values.set(sendingMetrics.quotaUsed, Math.round(quotaUsedPercent * 10) / 10);
  write(`${embedded({ Deployment: deployment }, values, now(), { ratePerSecond })}\n`);
}

/** Writes the age of a `Send` event, unless it is as young as it should be. */
export function writeSendEventAge(
  deployment: string,
  ageMs: number,
  write = (line: string) => void process.stdout.write(line),
  now: () => number = Date.now,
): void {
  if (ageMs < LEAST_SEND_EVENT_AGE_MS) return;
  const values = new Map([[SEND_EVENT_AGE_METRIC, Math.round(ageMs / 1000)]]);
  write(`${embedded({ Deployment: deployment }, values, now())}\n`);
}

/**
 * Writes how many emails SES reported as what: one line for a batch that has any, at most three metrics ($0.90 a month for a deployment
 * that has them all).
 */
export function writeFeedbackCounts(
  deployment: string,
  counts: Readonly<Record<keyof typeof feedbackMetrics, number>>,
  write = (line: string) => void process.stdout.write(line),
  now: () => number = Date.now,
): void {
  const names = (Object.keys(feedbackMetrics) as (keyof typeof feedbackMetrics)[]).filter((name) => counts[name] > 0);
  if (names.length === 0) return;
  const values = new Map(names.map((name) => [feedbackMetrics[name] as string, counts[name]]));
  write(`${embedded({ Deployment: deployment }, values, now())}\n`);
}

/** Runs a handler and writes its metrics, however it ends. */
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
  properties: Readonly<Record<string, number>> = {},
): string {
  const Metrics = [...values.keys()].map((Name) => ({ Name, Unit: units[Name] ?? 'Count' }));
  const directive = { Namespace: METRIC_NAMESPACE, Dimensions: [Object.keys(dimensions)], Metrics };
  return JSON.stringify({
    _aws: { Timestamp: timestampMs, CloudWatchMetrics: [directive] },
    ...dimensions,
    ...Object.fromEntries(values),
    ...properties,
  });
}
