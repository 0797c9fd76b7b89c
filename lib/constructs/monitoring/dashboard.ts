import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type GraphWidgetProps,
  type IAlarm,
  type IMetric,
  type IWidget,
  LogQueryWidget,
  MathExpression,
  type Metric,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { DELIVER_QUEUE } from '../../../functions/core/broadcast/delivery/deliver-job.ts';
import { FAN_OUT_QUEUE } from '../../../functions/core/broadcast/delivery/fan-out-job.ts';
import { BULK_QUOTA_PERCENT } from '../../../functions/core/pacing/report.ts';
import type { EmailCount } from '../../../functions/core/ports/telemetry.ts';
import type { QueueName } from '../../../functions/core/queues.ts';
import { metricId } from './expressions.ts';
import {
  BOUNCE_RATE_LIMIT,
  COMPLAINT_RATE_LIMIT,
  emailCount,
  type MonitoringMetrics,
  mailQueues,
  quotaUsed,
  sendingHeld,
  sendLatency,
  sesMetric,
} from './metrics.ts';

const FULL_WIDTH = 24;
const GRAPH_HEIGHT = 6;
const P50 = Stats.percentile(50);
const P99 = Stats.percentile(99);

export interface FlowDashboardProps {
  readonly metrics: MonitoringMetrics;
  readonly alarms: readonly IAlarm[];
}

/** One page in the order of an email's way: accepted, waiting, sent, delivered; then errors. */
export class FlowDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, { metrics, alarms }: FlowDashboardProps) {
    super(scope, id);
    this.dashboard = new Dashboard(this, 'Resource', {
      defaultInterval: Duration.hours(12),
      widgets: [
        [heading(`# ${metrics.deployment}`)],
        [new AlarmStatusWidget({ alarms: [...alarms], title: 'Alarms', width: FULL_WIDTH, height: 3 })],
        [heading('## 1. Accept — requests to the API, and how fast they are answered')],
        accepting(metrics),
        [heading('## 2. Wait — jobs in the queues')],
        waiting(metrics),
        [heading('## 3. Send — through Amazon SES')],
        sending(metrics),
        limits(metrics),
        [heading('## 4. Broadcasts and other bulk email')],
        broadcasting(metrics),
        [heading('## 5. Deliver — what SES reports (for the whole account in this region)')],
        delivering(),
        [heading('## 6. Errors')],
        failing(metrics),
        [errorsInLogs(metrics)],
      ],
    });
  }
}

function accepting({ deployment, entry, functions }: MonitoringMetrics): IWidget[] {
  const { api } = functions;
  return row(
    {
      title: 'Requests',
      left: [
        entry.api.metricCount({ label: 'all', statistic: Stats.SUM }),
        entry.api.metricClientError({ label: '4xx', statistic: Stats.SUM }),
        entry.api.metricServerError({ label: '5xx', statistic: Stats.SUM }),
      ],
    },
    { title: 'Emails accepted', left: byQueue(deployment, ['accepted']), stacked: true },
    {
      title: 'Time to answer (ms)',
      left: [
        entry.api.metricLatency({ label: 'median', statistic: P50 }),
        entry.api.metricLatency({ label: '99 %', statistic: P99 }),
      ],
      right: api ? [api.metricInvocations({ label: 'invocations', statistic: Stats.SUM })] : [],
    },
  );
}

function waiting({ deployment, queues }: MonitoringMetrics): IWidget[] {
  return row(
    {
      title: 'Jobs: waiting, and delayed until they are due or retried',
      left: queues.flatMap(({ name, jobs, delayedJobs }) => [
        jobs({ label: name }),
        ...(delayedJobs ? [delayedJobs({ label: `${name}, delayed` })] : []),
      ]),
    },
    {
      title: 'Age of the oldest job (s)',
      left: queues.map(({ name, oldestJobAge }) => oldestJobAge({ label: name })),
      leftAnnotations: queues.map(({ name, allowedAge }) => ({
        value: allowedAge.toSeconds(),
        label: `alarm, ${name}`,
      })),
    },
    {
      title: 'Scheduled emails queued; lost jobs replaced',
      left: byQueue(deployment, ['handedOver', 'requeued']),
    },
  );
}

function sending({ deployment, sender }: MonitoringMetrics): IWidget[] {
  return row(
    { title: 'Emails sent, failed, retried', left: byQueue(deployment, ['sent', 'failed', 'retried']) },
    {
      title: 'Time from accepted or due to sent (ms)',
      left: mailQueues.flatMap((queue) => [
        sendLatency(deployment, queue, { label: `${queue}, median`, statistic: P50 }),
        sendLatency(deployment, queue, { label: `${queue}, 99 %`, statistic: P99 }),
      ]),
    },
    {
      title: 'Sending function: concurrent executions; duration (ms)',
      left: [sender.metric('ConcurrentExecutions', { label: 'concurrent', statistic: Stats.MAXIMUM })],
      right: [sender.metricDuration({ label: 'duration, 99 %', statistic: P99 })],
    },
  );
}

function limits({ deployment }: MonitoringMetrics): IWidget[] {
  return row(
    { title: 'Emails sent a second', left: mailQueues.map((queue) => sentPerSecond(deployment, queue)), stacked: true },
    {
      title: 'Daily quota of SES used (%)',
      left: [quotaUsed(deployment, { label: 'used' })],
      leftAnnotations: [
        { value: BULK_QUOTA_PERCENT, label: 'limit for bulk' },
        { value: 100, label: 'all mail waits' },
      ],
    },
    {
      title: 'Sending is held by the quota or a pause (1: yes)',
      left: [sendingHeld(deployment, { label: 'held' })],
    },
  );
}

/** The widgets of all broadcasts together, from metrics and logs that exist anyway. `GET /broadcasts/{id}` has the numbers of one. */
function broadcasting({ deployment, logGroupNames }: MonitoringMetrics): IWidget[] {
  const count = (name: string) => sesMetric(name, { statistic: Stats.SUM, period: Duration.minutes(5) });
  const graphs = row(
    {
      title: 'Bulk email: sent, failed; broadcasts that stood still',
      left: [
        emailCount(deployment, 'sent', DELIVER_QUEUE, { label: 'sent' }),
        emailCount(deployment, 'failed', DELIVER_QUEUE, { label: 'failed' }),
        emailCount(deployment, 'stalled', FAN_OUT_QUEUE, { label: 'looks at broadcasts that stand still' }),
      ],
    },
    {
      title: 'All email of the account: delivered, bounced, complained',
      left: ['Delivery', 'Bounce', 'Complaint'].map(count),
    },
  );
  const latest = new LogQueryWidget({
    title: 'Broadcasts that ended, and their recipients',
    width: FULL_WIDTH,
    height: GRAPH_HEIGHT,
    logGroupNames: [...logGroupNames],
    queryLines: [
      'fields @timestamp, broadcastId, status, recipients',
      'filter message = "broadcast ended"',
      'sort @timestamp desc',
      'limit 20',
    ],
  });
  return [...graphs, latest];
}

function sentPerSecond(deployment: string, queue: QueueName): MathExpression {
  const period = Duration.minutes(1);
  // An id must be another one in each expression of a graph.
  const id = `sent_${metricId(queue)}`;
  return new MathExpression({
    label: queue,
    expression: `${id} / PERIOD(${id})`,
    usingMetrics: { [id]: emailCount(deployment, 'sent', queue, { period }) },
    period,
  });
}

function delivering(): IWidget[] {
  const count = (name: string) => sesMetric(name, { statistic: Stats.SUM, period: Duration.minutes(5) });
  const rate = (name: string, label: string) => sesMetric(name, { label, statistic: Stats.AVERAGE });
  return row(
    { title: 'Emails', left: ['Send', 'Delivery', 'Bounce', 'Complaint', 'Reject'].map(count) },
    {
      title: 'Bounce rate',
      left: [rate('Reputation.BounceRate', 'bounced')],
      leftAnnotations: [
        { value: BOUNCE_RATE_LIMIT, label: 'alarm' },
        { value: 0.05, label: 'review by SES' },
      ],
    },
    {
      title: 'Complaint rate',
      left: [rate('Reputation.ComplaintRate', 'complained')],
      leftAnnotations: [
        { value: COMPLAINT_RATE_LIMIT, label: 'alarm' },
        { value: 0.001, label: 'review by SES' },
      ],
    },
  );
}

function failing({ deadLetters, functions }: MonitoringMetrics): IWidget[] {
  const all = Object.entries(functions);
  return row(
    {
      title: 'Dead letters',
      left: deadLetters.map(({ name, count }) => count({ label: name })),
    },
    {
      title: 'Errors: crashes, timeouts',
      left: all.map(([name, fn]) => fn.metricErrors({ label: name, statistic: Stats.SUM })),
    },
    {
      title: 'Throttles: no concurrency left in the account',
      left: all.map(([name, fn]) => fn.metricThrottles({ label: name, statistic: Stats.SUM })),
    },
  );
}

/** A query runs only while someone looks at the page; CloudWatch charges for the data it reads. */
function errorsInLogs({ logGroupNames }: MonitoringMetrics): IWidget {
  return new LogQueryWidget({
    title: 'The latest warnings and errors in the logs',
    width: FULL_WIDTH,
    height: GRAPH_HEIGHT,
    logGroupNames: [...logGroupNames],
    queryLines: [
      'fields @timestamp, level, message, emailId, code, error.name, error.message, @log',
      // Sendoff's own levels, those of Node's runtime in capitals, and the reports of failed invocations.
      'filter level in ["warn", "error", "WARN", "ERROR"] or (type = "platform.report" and record.status != "success")',
      'sort @timestamp desc',
      'limit 50',
    ],
  });
}

function byQueue(deployment: string, counts: readonly EmailCount[]): Metric[] {
  return mailQueues.flatMap((queue) =>
    counts.map((counted) =>
      emailCount(deployment, counted, queue, { label: counts.length > 1 ? `${counted}, ${queue}` : queue }),
    ),
  );
}

/** A row of graphs as wide as the page. */
function row(...graphs: (GraphWidgetProps & { readonly left: IMetric[] })[]): IWidget[] {
  const width = FULL_WIDTH / graphs.length;
  return graphs.map((graph) => new GraphWidget({ width, height: GRAPH_HEIGHT, leftYAxis: { min: 0 }, ...graph }));
}

function heading(markdown: string): IWidget {
  return new TextWidget({ markdown, width: FULL_WIDTH, height: 1 });
}
