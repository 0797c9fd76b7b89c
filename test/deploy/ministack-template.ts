import type { Template } from '../../lib/synth.ts';

/**
 * Changes what MiniStack refuses in a template that AWS takes: an alarm on a metric of several (metric math). The alarm
 * stays, so that what names it finds it, on a metric of its own that nothing writes. What alarms watch is tested on the template.
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
