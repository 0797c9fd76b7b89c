import type { InspectedQueue } from '../../core/ports/inspection.ts';
import {
  periodSeconds,
  type Series,
  type SeriesName,
  type SeriesRequest,
  type SeriesSource,
} from '../../core/ports/series.ts';
import { queuesOf } from '../../core/queues.ts';
import { countMetrics, feedbackMetrics, METRIC_NAMESPACE, SEND_LATENCY_METRIC } from '../metrics.ts';
import { type AwsRequest, awsRequest } from './request.ts';

export interface CloudWatchOptions {
  /** The value of the dimension `Deployment`. */
  readonly deployment: string;
  /** The URLs of the queues of SQS. */
  readonly queueUrls: Readonly<Partial<Record<InspectedQueue, string>>>;
  readonly now?: () => number;
  readonly request?: (request: AwsRequest) => Promise<string>;
}

/** A metric of CloudWatch. */
interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly stat: 'Sum' | 'Maximum' | 'p50' | 'p95';
}

/** SQS reports the age once a minute, a little late. */
const AGE_WINDOW_MS = 10 * 60_000;
/** An answer has at most 100,800 values, which is more than is ever asked for; AWS may still cut it into parts. */
const MOST_PARTS = 5;

/**
 * The numbers that the functions write as lines of their logs, API Gateway's times and the ages of SQS, all from CloudWatch. Each call
 * costs $0.01 per 1,000 metrics that it asks for. Rejects when CloudWatch refuses, throttles or does not answer in 3 s.
 */
export function createCloudWatch({
  deployment,
  queueUrls,
  now = Date.now,
  request = awsRequest,
}: CloudWatchOptions): SeriesSource {
  return {
    async read({ names, granularity, fromMs, toMs, api }) {
      const wanted = names.map((name) => ({ name, metrics: metricsOf(name, deployment, api) }));
      const all = wanted.flatMap(({ metrics }) => metrics);
      const found = await getMetricData(request, all, { fromMs, toMs, seconds: periodSeconds[granularity] });
      return new Map(wanted.map(({ name, metrics }) => [name, sumOf(metrics.flatMap((one) => found.get(one) ?? []))]));
    },
    async ages(queues) {
      const known = queues.flatMap((queue) => {
        const name = queueUrls[queue]?.split('/').at(-1);
        return name ? [{ queue, metric: ageOf(name) }] : [];
      });
      const toMs = now();
      const found = await getMetricData(
        request,
        known.map(({ metric }) => metric),
        { fromMs: toMs - AGE_WINDOW_MS, toMs, seconds: 60 },
      );
      return new Map(
        known.flatMap(({ queue, metric }) => {
          const latest = [...(found.get(metric) ?? [])].sort(([a], [b]) => a - b).at(-1);
          return latest ? [[queue, latest[1]] as const] : [];
        }),
      );
    },
  };
}

/** The metrics whose sum is a series; times are those of one metric. */
function metricsOf(name: SeriesName, deployment: string, api: SeriesRequest['api']): Metric[] {
  const own = { namespace: METRIC_NAMESPACE, dimensions: { Deployment: deployment } };
  switch (name) {
    case 'accepted':
    case 'sent':
    case 'failed':
    case 'retried':
      return queuesOf('send').map((queue) => ({
        ...own,
        name: countMetrics[name],
        dimensions: { ...own.dimensions, Queue: queue },
        stat: 'Sum',
      }));
    case 'delivered':
    case 'bounced':
    case 'complained':
      return [{ ...own, name: feedbackMetrics[name], stat: 'Sum' }];
    case 'send_time_p50':
    case 'send_time_p95': {
      const dimensions = { ...own.dimensions, Queue: 'transactional' };
      return [{ ...own, name: SEND_LATENCY_METRIC, dimensions, stat: statOf(name) }];
    }
    case 'answer_time_p50':
    case 'answer_time_p95': {
      if (!api) return [];
      const dimensions: Record<string, string> = 'id' in api ? { ApiId: api.id } : { ApiName: api.name };
      return [{ namespace: 'AWS/ApiGateway', name: 'Latency', dimensions, stat: statOf(name) }];
    }
  }
}

const statOf = (name: SeriesName) => (name.endsWith('p50') ? 'p50' : 'p95');

const ageOf = (queueName: string): Metric => ({
  namespace: 'AWS/SQS',
  name: 'ApproximateAgeOfOldestMessage',
  dimensions: { QueueName: queueName },
  stat: 'Maximum',
});

function sumOf(all: readonly (readonly [number, number])[]): Series {
  const sum = new Map<number, number>();
  for (const [atMs, value] of all) sum.set(atMs, (sum.get(atMs) ?? 0) + value);
  return sum;
}

interface Results {
  readonly MetricDataResults?: readonly {
    readonly Id: string;
    readonly Timestamps?: readonly number[];
    readonly Values?: readonly number[];
  }[];
  readonly NextToken?: string;
}

/** The values of each metric with their times in epoch ms; one call as a rule, in the protocol AWS JSON 1.0. */
async function getMetricData(
  request: (request: AwsRequest) => Promise<string>,
  metrics: readonly Metric[],
  { fromMs, toMs, seconds }: { readonly fromMs: number; readonly toMs: number; readonly seconds: number },
): Promise<Map<Metric, [number, number][]>> {
  const found = new Map<Metric, [number, number][]>(metrics.map((metric) => [metric, []]));
  if (metrics.length === 0) return found;
  const input = {
    StartTime: fromMs / 1000,
    EndTime: toMs / 1000,
    MetricDataQueries: metrics.map((metric, index) => ({ Id: `m${index}`, MetricStat: statisticOf(metric, seconds) })),
  };
  let NextToken: string | undefined;
  for (let parts = 0; parts === 0 || (NextToken && parts < MOST_PARTS); parts++) {
    const text = await request({
      service: 'monitoring',
      path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData',
      },
      body: JSON.stringify({ ...input, ...(NextToken ? { NextToken } : {}) }),
    });
    const answer: Results = JSON.parse(text);
    for (const { Id, Timestamps = [], Values = [] } of answer.MetricDataResults ?? []) {
      const metric = metrics[Number(Id.slice(1))];
      const values = metric && found.get(metric);
      Timestamps.forEach((at, index) => {
        values?.push([at * 1000, Values[index] ?? 0]);
      });
    }
    NextToken = answer.NextToken;
  }
  return found;
}

function statisticOf({ namespace, name, dimensions, stat }: Metric, Period: number) {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  return { Metric: { Namespace: namespace, MetricName: name, Dimensions }, Period, Stat: stat };
}
