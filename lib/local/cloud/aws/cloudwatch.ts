import type { Metrics, Sample } from '../cloudwatch/metrics.ts';
import { oldestAgeSeconds } from '../cloudwatch/queue-age.ts';
import { statistic } from '../cloudwatch/statistics.ts';
import type { Fauxqs } from '../emulators/fauxqs.ts';
import type { AwsAnswer, AwsCall, AwsService } from './call.ts';
import { jsonError } from './wire.ts';

type MetricStat = {
  Metric: { Namespace: string; MetricName: string; Dimensions?: { Name: string; Value: string }[] };
  /** Seconds. */
  Period: number;
  Stat: string;
};
type Query = { Id: string; MetricStat?: MetricStat; Expression?: string };
type Input = { StartTime: number; EndTime: number; MetricDataQueries: Query[] };

const minuteMs = 60_000;

/** CloudWatch's GetMetricData without expressions, in the protocol AWS JSON 1.0. */
export function createCloudWatchService(metrics: Metrics, queues: Fauxqs['sqsStore'], now = Date.now): AwsService {
  const read = ({ Metric, Period, Stat }: MetricStat, fromMs: number, toMs: number) => {
    const { Namespace: namespace, MetricName: name, Dimensions = [] } = Metric;
    const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]));
    const minutes =
      namespace === 'AWS/SQS' && name === 'ApproximateAgeOfOldestMessage'
        ? ageNow(queues, dimensions.QueueName ?? '', now())
        : metrics.read({ namespace, name, dimensions }, fromMs, toMs);
    return byPeriod(minutes, Period * 1000, Stat);
  };
  return {
    name: 'monitoring',
    actionOf: ({ headers }) =>
      headers['x-amz-target'] === 'GraniteServiceVersion20100801.GetMetricData' ? 'GetMetricData' : undefined,
    permissions: () => [{ action: 'cloudwatch:GetMetricData', resources: ['*'] }],
    error: jsonError,
    deniedStatus: 400,
    deniedCode: 'AccessDenied',
    handle: async (call: AwsCall): Promise<AwsAnswer> => {
      const { StartTime, EndTime, MetricDataQueries } = call.json() as Input;
      const results = MetricDataQueries.map(({ Id, MetricStat }) => {
        const values = MetricStat && read(MetricStat, StartTime * 1000, EndTime * 1000);
        return values && { Id, Label: MetricStat.Metric.MetricName, StatusCode: 'Complete', ...values };
      });
      const unknown = MetricDataQueries.find((_, index) => results[index] === undefined);
      if (unknown)
        return jsonError(400, 'ValidationError', `The local cloud cannot evaluate ${JSON.stringify(unknown)}`);
      const body = JSON.stringify({ MetricDataResults: results, Messages: [] });
      return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body };
    },
  };
}

function ageNow(queues: Fauxqs['sqsStore'], queueName: string, nowMs: number): Map<number, Sample[]> {
  const seconds = oldestAgeSeconds(queues, queueName, nowMs);
  const minute = Math.floor(nowMs / minuteMs) * minuteMs;
  return new Map(seconds === undefined ? [] : [[minute, [{ value: seconds, count: 1 }]]]);
}

/** Timestamps (epoch seconds) and values of the periods that have any, newest first; undefined for an unknown statistic. */
function byPeriod(minutes: ReadonlyMap<number, Sample[]>, periodMs: number, stat: string) {
  const periods = Map.groupBy(minutes, ([at]) => Math.floor(at / periodMs) * periodMs);
  const points = [...periods].map(
    ([at, parts]) =>
      [
        at / 1000,
        statistic(
          stat,
          parts.flatMap(([, all]) => all),
        ),
      ] as const,
  );
  if (statistic(stat, [{ value: 0, count: 1 }]) === undefined) return undefined;
  points.sort(([a], [b]) => b - a);
  return { Timestamps: points.map(([at]) => at), Values: points.map(([, value]) => value ?? 0) };
}
