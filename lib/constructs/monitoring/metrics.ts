import { type IMetric, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration, Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import {
  countMetrics,
  METRIC_NAMESPACE,
  queueMetrics,
  SEND_LATENCY_METRIC,
} from '../../../functions/adapters/metrics.ts';
import type { EmailCount } from '../../../functions/core/ports/telemetry.ts';
import type { QueueName } from '../../../functions/core/queues.ts';
import type { ApiEntry } from '../api/entry.ts';
import type { WorkQueue } from '../work-queue.ts';

/** A queue and how long a job may stand in it before someone should look. */
export interface QueueMetrics {
  /** What people call it: `transactional`. */
  readonly name: string;
  readonly allowedAge: Duration;
  /** The option by which more workers read it; absent if there is none. */
  readonly workersOption?: string;
  jobs(options?: MetricOptions): IMetric;
  /** Jobs that are not due yet; absent where that is not told. */
  readonly delayedJobs?: (options?: MetricOptions) => IMetric;
  /** Seconds. */
  oldestJobAge(options?: MetricOptions): IMetric;
}

/** The longest a job waits by design on SQS: until it is due or tried again. */
const LONGEST_DELAY = Duration.minutes(15);
/** A job in Redis is not old by design, whatever its delay: this is what a person's look is worth. */
const REDIS_PATIENCE = Duration.minutes(15);
/** Bulk mail may take its time: 100,000 emails at the 14 a second of a new account take two hours. */
export const BULK_PATIENCE = Duration.hours(4);
/** An endpoint that takes seconds for each answer makes its own events wait; that is no one else's trouble. */
export const SLOW_ENDPOINT_PATIENCE = Duration.hours(4);

/** A queue of SQS, which tells CloudWatch by itself. */
export function sqsQueue(
  queue: IQueue,
  more: Pick<QueueMetrics, 'name' | 'allowedAge' | 'workersOption'>,
): QueueMetrics {
  const longest = { statistic: Stats.MAXIMUM };
  return {
    ...more,
    jobs: (options) => queue.metricApproximateNumberOfMessagesVisible({ ...longest, ...options }),
    delayedJobs: (options) => queue.metricApproximateNumberOfMessagesDelayed({ ...longest, ...options }),
    oldestJobAge: (options) => queue.metricApproximateAgeOfOldestMessage({ ...longest, ...options }),
  };
}

const patience: Partial<Record<QueueName, Duration>> = {
  bulk: BULK_PATIENCE,
  'webhook-slow': SLOW_ENDPOINT_PATIENCE,
};

/** A queue in Redis, of which the schedule function tells once a minute, as long as there is anything in one. */
export function redisQueue(deployment: string, name: QueueName): QueueMetrics {
  const metric = (metricName: string) => (options?: MetricOptions) =>
    ownMetric(deployment, metricName, name, { statistic: Stats.MAXIMUM, ...options });
  return {
    name,
    allowedAge: REDIS_PATIENCE.plus(patience[name] ?? Duration.minutes(0)),
    workersOption: 'maxConsumers',
    jobs: metric(queueMetrics.jobs),
    oldestJobAge: metric(queueMetrics.oldestJobAge),
  };
}

/** Dead letters of one kind: those of SQS queues or those in Redis. */
export interface DeadLetterMetrics {
  /** What people call them: `jobs`. */
  readonly name: string;
  count(options?: MetricOptions): IMetric;
}

/** The queue that SQS moves messages to. */
export function sqsDeadLetters(queue: IQueue, name: string): DeadLetterMetrics {
  return {
    name,
    count: (options) => queue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM, ...options }),
  };
}

/** The stream in Redis. */
export function redisDeadLetters(deployment: string, name: string): DeadLetterMetrics {
  const fixed = { namespace: METRIC_NAMESPACE, metricName: queueMetrics.deadLetters };
  return {
    name,
    count: (options) =>
      new Metric({ ...fixed, dimensionsMap: { Deployment: deployment }, statistic: Stats.MAXIMUM, ...options }),
  };
}

/** The longest a job stands in a queue whose worker keeps up and died of it once. */
export const longestWait = ({ visibilityTimeout }: WorkQueue): Duration => LONGEST_DELAY.plus(visibilityTimeout);

/** What alarms and dashboard look at: all of a deployment. */
export interface MonitoringMetrics {
  /** The value of the dimension `Deployment` of our own metrics. */
  readonly deployment: string;
  readonly entry: ApiEntry;
  readonly queues: readonly QueueMetrics[];
  readonly deadLetters: readonly DeadLetterMetrics[];
  /** How long dead letters are kept, as a sentence. */
  readonly deadLettersKept: string;
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
