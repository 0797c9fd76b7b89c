import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { countMetrics, METRIC_NAMESPACE, SEND_LATENCY_METRIC } from '../../functions/adapters/metrics.ts';
import type { EmailCount, QueueName } from '../../functions/core/ports.ts';
import type { ApiEntry } from './api-entry.ts';

/** A queue and how long a job may stand in it before someone should look. */
export interface MonitoredQueue {
  /** What people call it: `transactional`. */
  readonly name: string;
  readonly queue: IQueue;
  readonly allowedAge: Duration;
}

/** What alarms and dashboard look at: all of a deployment. */
export interface Monitored {
  /** The value of the dimension `Deployment` of our own metrics. */
  readonly deployment: string;
  readonly entry: ApiEntry;
  readonly queues: readonly MonitoredQueue[];
  readonly deadLetterQueue: IQueue;
  /** By what people call them: `send`. */
  readonly functions: Readonly<Record<string, IFunction>>;
  readonly logGroupNames: readonly string[];
}

/** The queues emails travel on; other queues have no emails to count. */
export const mailQueues = ['transactional', 'bulk'] as const satisfies readonly QueueName[];

/** The rates at which SES puts an account under review are 5 % and 0.1 %: an alarm must come before. */
export const BOUNCE_RATE_LIMIT = 0.04;
export const COMPLAINT_RATE_LIMIT = 0.0008;

/** The name under which a construct's own metrics stand: its stack's name and its path in it. */
export function deploymentName(construct: IConstruct): string {
  const stack = Stack.of(construct);
  const path = construct.node.scopes.slice(stack.node.scopes.length).map(({ node }) => node.id);
  return [stack.stackName, ...path].join('/');
}

/** How many emails of a queue were accepted, sent, …: functions/adapters/metrics.ts. */
export function emailCount(deployment: string, what: EmailCount, queue: QueueName, options?: MetricOptions): Metric {
  return ownMetric(deployment, countMetrics[what], queue, { statistic: Stats.SUM, ...options });
}

/** Milliseconds from accepted, or due, to sent. */
export function sendLatency(deployment: string, queue: QueueName, options?: MetricOptions): Metric {
  return ownMetric(deployment, SEND_LATENCY_METRIC, queue, options);
}

/** A metric that SES publishes of the whole account in this region: that is what SES judges, whoever sends. */
export function sesMetric(metricName: string, options?: MetricOptions): Metric {
  return new Metric({ namespace: 'AWS/SES', metricName, period: Duration.hours(1), ...options });
}

function ownMetric(deployment: string, metricName: string, queue: QueueName, options?: MetricOptions): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { Deployment: deployment, Queue: queue },
    ...options,
  });
}
