import { type IMetric, MathExpression, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { FAN_OUT_QUEUE } from '../../../functions/core/broadcast/delivery/fan-out-job.ts';
import type { EmailCount } from '../../../functions/core/ports/telemetry.ts';
import { LEAST_FAILURES, overFunctions, PERIOD, shareOf, sumOf, totalOf } from './expressions.ts';
import {
  BOUNCE_RATE_LIMIT,
  COMPLAINT_RATE_LIMIT,
  emailCount,
  type MonitoringMetrics,
  type QueueMetrics,
  sendEventAge,
  sendingHeld,
  sesMetric,
} from './metrics.ts';

/** Tries of waiting emails may be 15 minutes apart. */
const STALL_PERIOD = Duration.minutes(15);

/** When an alarm begins, and its text. */
export interface AlarmCondition {
  readonly metric: IMetric;
  /** Alarm when the metric is at least this. */
  readonly atLeast: number;
  /** The meaning and what to do; part of the notification. At most 1,024 characters. */
  readonly description: string;
  /** Alarm when the metric is that high in so many of the last periods; by default one of one. */
  readonly periods?: { readonly bad: number; readonly of: number };
  readonly missing?: TreatMissingData;
}

/** The conditions of all alarms by the ids of the alarms. */
export function alarmConditions(metrics: MonitoringMetrics): Readonly<Record<string, AlarmCondition>> {
  return {
    DeadLetters: deadLetters(metrics),
    ...Object.fromEntries(metrics.queues.map((queue) => [`OldestJob-${queue.name}`, oldestJob(queue)])),
    FeedbackDelay: feedbackDelay(metrics),
    SendFailures: sendFailures(metrics),
    SendingStalled: sendingStalled(metrics),
    SendingPaused: sendingPaused(metrics),
    BroadcastStalled: broadcastStalled(metrics),
    ApiErrors: apiErrors(metrics),
    FunctionErrors: functionErrors(metrics),
    FunctionThrottles: functionThrottles(metrics),
    BounceRate: bounceRate(),
    ComplaintRate: complaintRate(),
  };
}

function deadLetters({ deadLetters: all, deadLettersKept }: MonitoringMetrics): AlarmCondition {
  return {
    metric: totalOf(all.map(({ count }) => count({ period: PERIOD }))),
    atLeast: 1,
    description:
      'Jobs are in the dead-letter queue: they failed, or crashed their function, as often as maxReceiveCount allows. Their emails are not sent. ' +
      'Do: `npx sendoff dead-letters list` names the emails; look for their emailId in the logs of the function that sends; fix the cause (a permission, a crash, a bad deployment); then `npx sendoff dead-letters redrive --all`. Redriving sends no email twice. ' +
      deadLettersKept,
  };
}

function oldestJob({ name, oldestJobAge, allowedAge, concurrencyOption }: QueueMetrics): AlarmCondition {
  const remedy = concurrencyOption
    ? `raise ${concurrencyOption} or the account limit of Lambda`
    : 'raise the account limit of Lambda';
  return {
    metric: oldestJobAge({ period: PERIOD }),
    atLeast: allowedAge.toSeconds(),
    periods: { bad: 2, of: 2 },
    description:
      `The oldest job of the ${name} queue has waited over ${Math.ceil(allowedAge.toMinutes({ integral: false }))} minutes, longer than the longest delay and one redelivery: jobs arrive faster than they are done, or the function that reads the queue does not run. ` +
      `Do: on the dashboard, if concurrency is at its limit or the function is throttled, ${remedy}; if SES throttles (many retries), ask for a higher sending rate; if no job is done at all, read the logs of the function that reads this queue.`,
  };
}

/** Before the 60 s after which another worker may take over an email whose worker crashed. */
const LATE_SEND_EVENT_SECONDS = 30;

function feedbackDelay({ deployment }: MonitoringMetrics): AlarmCondition {
  return {
    metric: sendEventAge(deployment, { period: Duration.minutes(1) }),
    atLeast: LATE_SEND_EVENT_SECONDS,
    periods: { bad: 2, of: 3 },
    description:
      `The Send events of SES are recorded over ${LATE_SEND_EVENT_SECONDS} seconds after the send: more events arrive than the feedback function records. Statuses and webhooks are late, and an email whose worker crashes right after the send could be sent twice. ` +
      'Do: raise feedbackMaxConcurrency (each function records about 240 events a second; an email has two, more with tracking), or feedbackMemoryMb; see FunctionThrottles first if that alarms too.',
  };
}

function sendFailures({ deployment }: MonitoringMetrics): AlarmCondition {
  return {
    metric: shareOf('% of emails that failed', sumOf(deployment, 'failed'), sumOf(deployment, 'sent')),
    atLeast: 5,
    description:
      `At least ${LEAST_FAILURES} emails in five minutes, and 5 % of all, ended as failed: SES refused them, or they could not be sent until giveUpAfterHours. They are not in the dead-letter queue; the reason is on each email. ` +
      'Do: `npx sendoff status ID`, or GET /emails/{id}/events, shows it. Often: the sender is not verified in this region, or the account is still in the sandbox (`npx sendoff doctor`). Then send them again: `npx sendoff retry --failed --dry-run` counts them by reason.',
  };
}

function sendingStalled({ deployment }: MonitoringMetrics): AlarmCondition {
  const counted = (what: EmailCount) => sumOf(deployment, what, STALL_PERIOD);
  return {
    metric: shareOf('% of tries to send that failed', counted('retried'), counted('sent'), STALL_PERIOD),
    atLeast: 50,
    // Two periods: after an outage that is over, the first one is bad and the second is not.
    periods: { bad: 2, of: 2 },
    description:
      'For 30 minutes at least half of the tries to send an email failed and are repeated: SES does not answer or answers with errors, or a permission is missing. Emails that merely wait for the rate or the quota of SES are not counted. No email is lost: each is tried again until giveUpAfterHours. ' +
      'Do: `npx sendoff tail --since 30m --only send --level warn` (backend=redis: `--only consumer`) shows the error code; `npx sendoff doctor` checks SES; see https://health.aws.amazon.com. When SES works again, the emails are sent without your help.',
  };
}

function sendingPaused({ deployment }: MonitoringMetrics): AlarmCondition {
  return {
    // The minimum: a hold of a minute, which its first probe ends, is no alarm.
    metric: sendingHeld(deployment, { statistic: Stats.MINIMUM, period: PERIOD }),
    atLeast: 1,
    // With backend=redis nothing is reported while all jobs are delayed; then nothing has changed.
    missing: TreatMissingData.IGNORE,
    description:
      'SES sends nothing for this account for now, or 95 % of its daily quota are used and bulk email waits, so that the rest is left for transactional email. No email is lost: they wait, and are sent when it is over; only after giveUpAfterHours they end as failed. ' +
      'Do: `npx sendoff doctor` says which it is. Quota used up: it frees itself within 24 hours; ask for more (Service Quotas, Amazon SES, Sending quota; in the sandbox: production access). Paused or under review: SES has written to the account; see Account health in its console, answer there, and resume. Should emails have failed by then: `npx sendoff retry --failed --dry-run`.',
  };
}

function broadcastStalled({ deployment }: MonitoringMetrics): AlarmCondition {
  return {
    // A step of the fan-out, on this queue, counts every half minute after the jobs were queued again to no effect.
    metric: emailCount(deployment, 'stalled', FAN_OUT_QUEUE, { period: PERIOD }),
    atLeast: 1,
    periods: { bad: 3, of: 3 },
    description:
      'A broadcast stands still although nothing holds sending: no recipient was sent to for half an hour, although its jobs were queued again. Nobody gets it twice, and nobody is left out when it goes on. ' +
      'Do: `npx sendoff doctor` names it. `npx sendoff dead-letters list`: jobs `broadcast.deliver` or `broadcast.fan-out` there say that its emails cannot be made or sent; `npx sendoff tail --since 1h --only send --level warn` (backend=redis: `--only consumer`) says why. When that is mended: `npx sendoff dead-letters redrive --all`. Transactional email that uses the whole rate of SES has the same effect: ask for a higher rate. To stop it: POST /broadcasts/{id}/pause, or cancel.',
  };
}

function apiErrors({ entry }: MonitoringMetrics): AlarmCondition {
  const [part, all] = [
    entry.api.metricServerError({ period: PERIOD, statistic: Stats.SUM }),
    entry.api.metricCount({ period: PERIOD, statistic: Stats.SUM }),
  ];
  const metric = new MathExpression({
    label: '% of requests answered 5xx',
    expression: `IF(part >= ${LEAST_FAILURES}, 100 * part / all, 0)`,
    usingMetrics: { part, all },
    period: PERIOD,
  });
  return {
    metric,
    atLeast: 1,
    description:
      `At least ${LEAST_FAILURES} requests in five minutes, and 1 % of all, were answered 5xx: their emails were not accepted, and callers must repeat them (with an Idempotency-Key no email is sent twice). ` +
      'Do: look for level=error in the logs of the API function. `request failed` names the AWS service that did not answer: see https://health.aws.amazon.com. `request failed unexpectedly` is a bug or a missing permission.',
  };
}

function functionErrors(metrics: MonitoringMetrics): AlarmCondition {
  return {
    metric: overFunctions(metrics, 'Errors', (fn) => fn.metricErrors({ period: PERIOD, statistic: Stats.SUM })),
    atLeast: 1,
    periods: { bad: 2, of: 3 },
    description:
      'A function crashed, ran out of memory or reached its time limit, more than once. Its jobs are delivered again; no email is lost. ' +
      'Do: the dashboard shows which function it is; its log ends with `Task timed out`, `Runtime exited` or a stack trace. Out of memory: raise apiMemoryMb or sendMemoryMb. After a deployment: roll back first.',
  };
}

function functionThrottles(metrics: MonitoringMetrics): AlarmCondition {
  const options = [...new Set(metrics.queues.flatMap(({ concurrencyOption }) => concurrencyOption ?? []))];
  return {
    metric: overFunctions(metrics, 'Throttles', (fn) => fn.metricThrottles({ period: PERIOD, statistic: Stats.SUM })),
    atLeast: 1,
    periods: { bad: 2, of: 3 },
    description:
      'Lambda throttles functions: the concurrency of the account in this region is used up, by Sendoff or by other functions. Requests are answered 503 and jobs wait; no email is lost. ' +
      `Do: ask for more (Service Quotas, Lambda, Concurrent executions; new accounts may have as few as 10), or lower ${options.join(', ')} to leave concurrency for the API.`,
  };
}

function bounceRate(): AlarmCondition {
  return {
    metric: sesMetric('Reputation.BounceRate', { statistic: Stats.AVERAGE }),
    atLeast: BOUNCE_RATE_LIMIT,
    missing: TreatMissingData.IGNORE,
    description:
      '4 % of the emails of this account bounce. At 5 % SES puts the account under review, at 10 % it may stop it from sending. ' +
      'Do: stop sending to addresses that were never confirmed (an imported list, a form without a confirmation); `npx sendoff stats` and GET /suppressions show them. Sendoff suppresses addresses that bounced. Keep sending other email: deliveries to good addresses lower the rate.',
  };
}

function complaintRate(): AlarmCondition {
  return {
    metric: sesMetric('Reputation.ComplaintRate', { statistic: Stats.AVERAGE }),
    atLeast: COMPLAINT_RATE_LIMIT,
    missing: TreatMissingData.IGNORE,
    description:
      'Recipients report 0.08 % of the emails of this account as spam. At 0.1 % SES puts the account under review, at 0.5 % it may stop it from sending. ' +
      'Do: find the mailing whose recipients complain (GET /suppressions?origin=complaint), stop it, and send only to people who asked for it, with an unsubscribe link. Sendoff suppresses addresses that complained.',
  };
}
