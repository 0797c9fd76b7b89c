import type { Template } from '../../lib/synth.ts';

/**
 * MiniStack refuses alarms on metric math, which AWS accepts. Such an alarm stays in the template, because other resources
 * refer to it, but gets a metric that nothing writes. Unit tests check the metrics of alarms.
 */
export function adaptToMiniStack(template: Template): void {
  for (const [logicalId, { Type, Properties }] of Object.entries(template.Resources)) {
    if (Type !== 'AWS::CloudWatch::Alarm' || Properties?.Metrics === undefined) continue;
    const { Metrics, ThresholdMetricId, ...rest } = Properties;
    const metric = { Namespace: 'NotInMiniStack', MetricName: logicalId, Statistic: 'Sum', Period: 60 };
    Object.assign(template.Resources, {
      [logicalId]: { ...template.Resources[logicalId], Properties: { ...rest, ...metric } },
    });
  }
}
