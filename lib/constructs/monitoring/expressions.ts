import { type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import type { EmailCount } from '../../../functions/core/ports/telemetry.ts';
import { emailCount, type MonitoringMetrics, mailQueues } from './metrics.ts';

/** The period of the alarms, but for those that look at a longer time. */
export const PERIOD = Duration.minutes(5);
/** With fewer failures than this a rate counts as 0. */
export const LEAST_FAILURES = 5;

/** The sum of metrics, given by their ids in the expression. A metric without data counts as 0. */
function sum(label: string, metrics: Readonly<Record<string, IMetric>>, period = PERIOD): MathExpression {
  const filled = Object.keys(metrics).map((id) => `FILL(${id}, 0)`);
  return new MathExpression({
    label,
    expression: `SUM([${filled.join(', ')}])`,
    usingMetrics: { ...metrics },
    period,
  });
}

/** The sum of several metrics; one metric stays as it is. */
export function totalOf(metrics: readonly IMetric[]): IMetric {
  const [only] = metrics;
  if (only && metrics.length === 1) return only;
  return sum('jobs', Object.fromEntries(metrics.map((metric, index) => [`part${index}`, metric])));
}

/** The count over all mail queues. */
export function sumOf(deployment: string, counted: EmailCount, period = PERIOD): MathExpression {
  const counts = mailQueues.map((queue) => [
    `${counted}_${metricId(queue)}`,
    emailCount(deployment, counted, queue, { period }),
  ]);
  return sum(counted, Object.fromEntries(counts), period);
}

/** An id in a metric expression cannot have hyphens. */
export const metricId = (queue: string): string => queue.replaceAll('-', '_');

/** `part` in percent of `part + rest`; 0 while `part` is below `LEAST_FAILURES`. */
export function shareOf(label: string, part: MathExpression, rest: MathExpression, period = PERIOD): MathExpression {
  return new MathExpression({
    label,
    expression: `IF(part >= ${LEAST_FAILURES}, 100 * part / (part + rest), 0)`,
    usingMetrics: { part, rest },
    period,
  });
}

/** The sum of a metric over all functions. */
export function overFunctions(
  { functions }: MonitoringMetrics,
  label: string,
  metricOf: (fn: MonitoringMetrics['functions'][string]) => IMetric,
): MathExpression {
  return sum(label, Object.fromEntries(Object.entries(functions).map(([name, fn]) => [name, metricOf(fn)])));
}
