import { describe, expect, it } from 'vitest';
import { createCall } from '../../../../../lib/local/cloud/aws/call.ts';
import { createCloudWatchService } from '../../../../../lib/local/cloud/aws/cloudwatch.ts';
import { collectMetrics } from '../../../../../lib/local/cloud/cloudwatch/embedded-metrics.ts';
import { createMetrics } from '../../../../../lib/local/cloud/cloudwatch/metrics.ts';
import type { LocalEvent } from '../../../../../lib/local/cloud/log.ts';

const START_SECONDS = Date.parse('2026-11-21T10:00:00Z') / 1000;
const MINUTE_MS = 60_000;

function setUp(sentSecondsAgo: readonly number[] = []) {
  const nowMs = START_SECONDS * 1000 + 5 * MINUTE_MS;
  const queue = {
    name: 'Bulk',
    messages: sentSecondsAgo.map((seconds) => ({ sentTimestamp: nowMs - seconds * 1000 })),
    inflightMessages: new Map(),
  };
  const metrics = createMetrics();
  const service = createCloudWatchService(metrics, { allQueues: () => [queue] } as never, () => nowMs);
  const logged: LocalEvent[] = [];
  const log = collectMetrics(metrics, (event) => void logged.push(event));
  /** A function writes this line. */
  const write = (line: string) => log({ kind: 'output', functionName: 'F', instanceId: 'F/1', stream: 'stdout', line });
  const count = (minute: number, value: number | number[]) =>
    write(
      JSON.stringify({
        _aws: {
          Timestamp: START_SECONDS * 1000 + minute * MINUTE_MS,
          CloudWatchMetrics: [{ Namespace: 'Shop', Dimensions: [['A', 'B']], Metrics: [{ Name: 'Sold' }] }],
        },
        ...{ A: 'a', B: 'b', Sold: value },
      }),
    );
  const ask = async (more: object = {}, metric: object = {}) => {
    const Dimensions = [
      { Name: 'B', Value: 'b' },
      { Name: 'A', Value: 'a' },
    ];
    const MetricStat = {
      Metric: { Namespace: 'Shop', MetricName: 'Sold', Dimensions, ...metric },
      Period: 60,
      Stat: 'Sum',
      ...more,
    };
    const input = {
      StartTime: START_SECONDS,
      EndTime: START_SECONDS + 600,
      MetricDataQueries: [{ Id: 'm0', MetricStat }],
    };
    const request = { method: 'POST', path: '/', headers: {}, body: Buffer.from(JSON.stringify(input)) };
    const { status, body } = await service.handle(
      createCall('monitoring', 'GetMetricData', { kind: 'operator' }, request),
    );
    return { status, ...JSON.parse(String(body)) };
  };
  const values = async (more: object = {}) => (await ask(more)).MetricDataResults[0].Values;
  return { service, logged, write, count, ask, values };
}

describe('the local CloudWatch', () => {
  it('answers the lines that functions write by their periods, newest first', async () => {
    const { count, ask, logged } = setUp();
    count(0, 1);
    count(0, [2, 3]);
    count(4, 7);
    count(10, 100);
    expect((await ask()).MetricDataResults).toEqual([
      {
        ...{ Id: 'm0', Label: 'Sold', StatusCode: 'Complete' },
        ...{ Timestamps: [START_SECONDS + 240, START_SECONDS], Values: [7, 6] },
      },
    ]);
    expect(logged).toHaveLength(4);
  });

  it('has the statistics of a period', async () => {
    const { count, values } = setUp();
    count(
      0,
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
    count(1, 1_000);
    const of = async (Stat: string) => (await values({ Stat, Period: 300 }))[0];
    const stats = ['Sum', 'SampleCount', 'Average', 'Minimum', 'Maximum', 'p50', 'p95', 'p100'];
    expect(await Promise.all(stats.map(of))).toEqual([6_050, 101, 6_050 / 101, 1, 1_000, 51, 96, 1_000]);
  });

  it('tells other dimensions apart, and takes no line that is broken', async () => {
    const { count, write, ask } = setUp();
    count(0, 1);
    write('{"_aws":{"Timestamp":1,"CloudWatch');
    write('{"_aws":{}}');
    const { MetricDataResults } = await ask({}, { Dimensions: [{ Name: 'A', Value: 'a' }] });
    expect(MetricDataResults[0].Values).toEqual([]);
  });

  it('knows the age of the oldest message of a queue now', async () => {
    const age = { Namespace: 'AWS/SQS', MetricName: 'ApproximateAgeOfOldestMessage' };
    const named = (Value: string) => ({ ...age, Dimensions: [{ Name: 'QueueName', Value }] });
    expect((await setUp([4, 90]).ask({}, named('Bulk'))).MetricDataResults[0].Values).toEqual([90]);
    expect((await setUp([]).ask({}, named('Bulk'))).MetricDataResults[0].Values).toEqual([]);
    expect((await setUp([4]).ask({}, named('Other'))).MetricDataResults[0].Values).toEqual([]);
  });

  it('refuses what it cannot evaluate', async () => {
    const { count, ask } = setUp();
    count(0, 1);
    expect(await ask({ Stat: 'tm99' })).toMatchObject({ status: 400, __type: 'ValidationError' });
  });
});
