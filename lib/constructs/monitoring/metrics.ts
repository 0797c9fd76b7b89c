import { type IMetric, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import {
  countMetrics,
  METRIC_NAMESPACE,
  queueMetrics,
  SEND_EVENT_AGE_METRIC,
  SEND_LATENCY_METRIC,
  sendingMetrics,
} from '../../../functions/adapters/metrics.ts';
import type { EmailCount } from '../../../functions/core/ports/telemetry.ts';
import { type QueueName, queues } from '../../../functions/core/queues.ts';
import type { OptionName } from '../../config.ts';
import { queuesOf } from '../../queues.ts';
import type { ApiEntry } from '../api/entry.ts';
import type { WorkQueue } from '../work-queue.ts';

/** A queue's metrics, and the age at which its oldest job raises an alarm. */
export interface QueueMetrics {
  /** As alarms and dashboard name it: `transactional`. */
  readonly name: string;
  readonly allowedAge: Duration;
  /** The option that lets more functions work on it; absent if there is none. */
  readonly concurrencyOption?: OptionName;
  jobs(options?: MetricOptions): IMetric;
  /** Jobs that are not due yet; absent with `backend: 'redis'`, which does not count them. */
  readonly delayedJobs?: (options?: MetricOptions) => IMetric;
  /** Seconds. */
  oldestJobAge(options?: MetricOptions): IMetric;
}

/** The longest delay of a job in SQS: until it is due or retried. Its age counts from when it was queued. */
const LONGEST_DELAY = Duration.minutes(15);
/** A job's age in Redis counts from when it is due, so this is waiting time alone. */
const LONGEST_WAIT_IN_REDIS = Duration.minutes(15);

/** The metrics of a queue of SQS, which CloudWatch has by itself. */
export function sqsQueueMetrics(
  queue: WorkQueue,
  more: Pick<QueueMetrics, 'name' | 'concurrencyOption'> & { readonly allowedWait?: Duration },
): QueueMetrics {
  const { name, concurrencyOption, allowedWait = Duration.minutes(0) } = more;
  const maximum = { statistic: Stats.MAXIMUM };
  return {
    name,
    ...(concurrencyOption ? { concurrencyOption } : {}),
    // A worker that keeps up takes a job when it is due; if it crashes then, the job is received once more.
    allowedAge: LONGEST_DELAY.plus(queue.visibilityTimeout).plus(allowedWait),
    jobs: (options) => queue.metricApproximateNumberOfMessagesVisible({ ...maximum, ...options }),
    delayedJobs: (options) => queue.metricApproximateNumberOfMessagesDelayed({ ...maximum, ...options }),
    oldestJobAge: (options) => queue.metricApproximateAgeOfOldestMessage({ ...maximum, ...options }),
  };
}

/** The metrics of a queue of the table with `backend: 'aws'`. */
export function workQueueMetrics(name: QueueName, queue: WorkQueue): QueueMetrics {
  const { concurrencyOption } = queues[name];
  return sqsQueueMetrics(queue, { name, concurrencyOption, allowedWait: allowedWait(name) });
}

/** The metrics of a queue of the table with `backend: 'redis'`: the watchdog publishes them once a minute while any queue has jobs. */
export function redisQueueMetrics(deployment: string, name: QueueName): QueueMetrics {
  const metric = (metricName: string) => (options?: MetricOptions) =>
    ownMetric(deployment, metricName, name, { statistic: Stats.MAXIMUM, ...options });
  return {
    name,
    allowedAge: LONGEST_WAIT_IN_REDIS.plus(allowedWait(name)),
    concurrencyOption: 'maxConsumers',
    jobs: metric(queueMetrics.jobs),
    oldestJobAge: metric(queueMetrics.oldestJobAge),
  };
}

const allowedWait = (name: QueueName): Duration => Duration.minutes(queues[name].allowedWaitMinutes);

/** Dead letters of one kind: those in SQS or those in Redis. */
export interface DeadLetterMetrics {
  /** As the dashboard names them: `jobs`. */
  readonly name: string;
  count(options?: MetricOptions): IMetric;
}

/** The dead letters in SQS. */
export function sqsDeadLetters(queue: IQueue, name: string): DeadLetterMetrics {
  return {
    name,
    count: (options) => queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, ...options }),
  };
}

/** The dead letters in Redis. */
export function redisDeadLetters(deployment: string, name: string): DeadLetterMetrics {
  return { name, count: (options) => deploymentMetric(deployment, queueMetrics.deadLetters, options) };
}

/** The metrics of a deployment, for alarms and dashboard. */
export interface MonitoringMetrics {
  /** The value of the dimension `Deployment` of Sendoff's own metrics. */
  readonly deployment: string;
  readonly entry: ApiEntry;
  readonly queues: readonly QueueMetrics[];
  readonly deadLetters: readonly DeadLetterMetrics[];
  /** How long dead letters are kept, as a sentence. */
  readonly deadLettersKept: string;
  /** The function that sends emails. */
  readonly sender: IFunction;
  /** All functions by name: `api`. The names are ids in metric expressions. */
  readonly functions: Readonly<Record<string, IFunction>>;
  readonly logGroupNames: readonly string[];
}

/** The queues whose jobs send emails; emails are counted for these only. */
export const mailQueues: readonly QueueName[] = queuesOf('send');

/** SES puts an account under review at rates of 5 % and 0.1 %: the alarms must come before that. */
export const BOUNCE_RATE_LIMIT = 0.04;
export const COMPLAINT_RATE_LIMIT = 0.0008;

/** The value of the dimension `Deployment`: the stack's name and the construct's path in it. */
export function deploymentName(construct: IConstruct): string {
  const stack = Stack.of(construct);
  const path = construct.node.scopes.slice(stack.node.scopes.length).map(({ node }) => node.id);
  return [stack.stackName, ...path].join('/');
}

/** How many emails of a queue were accepted, sent, and so on; see functions/adapters/metrics.ts. */
export function emailCount(deployment: string, counted: EmailCount, queue: QueueName, options?: MetricOptions): Metric {
  return ownMetric(deployment, countMetrics[counted], queue, { statistic: Stats.SUM, ...options });
}

/** Milliseconds from the time an email was accepted, or due, until it was sent. */
export function sendLatency(deployment: string, queue: QueueName, options?: MetricOptions): Metric {
  return ownMetric(deployment, SEND_LATENCY_METRIC, queue, options);
}

/** 1 while sending is held by the quota or a pause, otherwise 0; reported once a minute. */
export const sendingHeld = (deployment: string, options?: MetricOptions): Metric =>
  deploymentMetric(deployment, sendingMetrics.held, options);

/** The used share of SES's quota of 24 hours, in percent. */
export const quotaUsed = (deployment: string, options?: MetricOptions): Metric =>
  deploymentMetric(deployment, sendingMetrics.quotaUsed, options);

/** Seconds from a send until the feedback function had its `Send` event; no data while that is quick. */
export const sendEventAge = (deployment: string, options?: MetricOptions): Metric =>
  deploymentMetric(deployment, SEND_EVENT_AGE_METRIC, options);

/** A metric that SES publishes for the whole account in this region: SES judges the account, not a deployment. */
export function sesMetric(metricName: string, options?: MetricOptions): Metric {
  return new Metric({ namespace: 'AWS/SES', metricName, period: Duration.hours(1), ...options });
}

function deploymentMetric(deployment: string, metricName: string, options?: MetricOptions): Metric {
  const dimensionsMap = { Deployment: deployment };
  return new Metric({ namespace: METRIC_NAMESPACE, metricName, dimensionsMap, statistic: Stats.MAXIMUM, ...options });
}

function ownMetric(deployment: string, metricName: string, queue: QueueName, options?: MetricOptions): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { Deployment: deployment, Queue: queue },
    ...options,
  });
}
