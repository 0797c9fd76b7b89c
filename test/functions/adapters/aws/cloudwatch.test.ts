import { describe, expect, it } from 'vitest';
import { createCloudWatch } from '../../../../functions/adapters/aws/cloudwatch.ts';
import type { AwsRequest } from '../../../../functions/adapters/aws/request.ts';
import type { SeriesName } from '../../../../functions/core/ports/series.ts';

const FROM_MS = Date.parse('2026-11-21T10:00:00Z');
const HOUR_MS = 3_600_000;

interface AskedMetric {
  readonly Metric: { readonly MetricName: string; readonly Dimensions: { Name: string; Value: string }[] };
}

/** A CloudWatch in which each metric has one value in the first period: 1 for the first metric, 2 for the second. */
function setUp(parts: readonly object[] = []) {
  const requests: AwsRequest[] = [];
  const asked = () => requests.map(({ body }) => JSON.parse(body));
  const source = createCloudWatch({
    deployment: 'Shop/Mail',
    queueUrls: { bulk: 'https://sqs/1/Shop-Bulk', 'dead letters': 'https://sqs/1/Shop-Dead' },
    now: () => FROM_MS,
    request: async (request) => {
      requests.push(request);
      const { MetricDataQueries } = JSON.parse(request.body);
      const results = MetricDataQueries.map(({ Id }: { Id: string }, index: number) => ({
        Id,
        Timestamps: [FROM_MS / 1000],
        Values: [index + 1],
      }));
      return JSON.stringify(parts[requests.length - 1] ?? { MetricDataResults: results });
    },
  });
  const read = (names: readonly SeriesName[], api?: { id: string } | { name: string }) =>
    source.read({ names, granularity: 'hourly', fromMs: FROM_MS, toMs: FROM_MS + HOUR_MS, api });
  const metrics = () =>
    asked()[0].MetricDataQueries.map(({ MetricStat }: { MetricStat: AskedMetric & { Stat: string } }) => [
      MetricStat.Metric.MetricName,
      MetricStat.Stat,
      ...MetricStat.Metric.Dimensions.map(({ Value }) => Value),
    ]);
  return { source, read, requests, asked, metrics };
}

describe('CloudWatch', () => {
  it('is asked once for all series, which are sums over the queues', async () => {
    const { read, requests, asked, metrics } = setUp();
    const series = await read(['accepted', 'delivered']);
    expect([...series].map(([name, values]) => [name, [...values]])).toEqual([
      ['accepted', [[FROM_MS, 1 + 2]]],
      ['delivered', [[FROM_MS, 3]]],
    ]);
    expect(requests).toMatchObject([
      {
        service: 'monitoring',
        headers: { 'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData' },
      },
    ]);
    expect(asked()[0]).toMatchObject({ StartTime: FROM_MS / 1000, EndTime: (FROM_MS + HOUR_MS) / 1000 });
    expect(metrics()).toEqual([
      ['Accepted', 'Sum', 'Shop/Mail', 'transactional'],
      ['Accepted', 'Sum', 'Shop/Mail', 'bulk'],
      ['Delivered', 'Sum', 'Shop/Mail'],
    ]);
  });

  it.each([
    [{ id: 'a1' }, [['Latency', 'p95', 'a1']]],
    [{ name: 'Rest' }, [['Latency', 'p95', 'Rest']]],
    [undefined, []],
  ])('is asked for the times of the API %j', async (api, expected) => {
    const { read, metrics } = setUp();
    await read(['answer_time_p95', 'send_time_p50'], api);
    expect(metrics()).toEqual([...expected, ['SendLatency', 'p50', 'Shop/Mail', 'transactional']]);
  });

  it('is asked for nothing if there is nothing to ask for', async () => {
    const { read, requests } = setUp();
    expect(await read(['answer_time_p50'])).toEqual(new Map([['answer_time_p50', new Map()]]));
    expect(requests).toEqual([]);
  });

  it('may answer in parts', async () => {
    const part = (hour: number) => ({ Id: 'm0', Timestamps: [FROM_MS / 1000 + hour * 3_600], Values: [hour] });
    const { read, asked } = setUp([
      { MetricDataResults: [part(1)], NextToken: 'more' },
      { MetricDataResults: [part(2)] },
    ]);
    expect([...((await read(['bounced'])).get('bounced') ?? [])]).toEqual([
      [FROM_MS + HOUR_MS, 1],
      [FROM_MS + 2 * HOUR_MS, 2],
    ]);
    expect(asked().map(({ NextToken }) => NextToken)).toEqual([undefined, 'more']);
  });

  it('tells the latest age of queues that are on SQS', async () => {
    const age = { Id: 'm0', Timestamps: [FROM_MS / 1000 - 60, FROM_MS / 1000 - 120], Values: [90, 30] };
    const { source, metrics } = setUp([{ MetricDataResults: [age] }]);
    expect(await source.ages(['bulk', 'dead letters', 'tasks'])).toEqual(new Map([['bulk', 90]]));
    expect(metrics()).toEqual([
      ['ApproximateAgeOfOldestMessage', 'Maximum', 'Shop-Bulk'],
      ['ApproximateAgeOfOldestMessage', 'Maximum', 'Shop-Dead'],
    ]);
  });
});
