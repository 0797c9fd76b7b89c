import { stackResources } from '../../aws.ts';
import type { Check, Finding } from './finding.ts';

export const alarms: Check = {
  name: 'alarms',
  alsoLocal: false,
  examine: async ({ deployment }) => {
    const { CloudWatchClient, DescribeAlarmsCommand } = await import('@aws-sdk/client-cloudwatch');
    const named = (await stackResources(deployment)).filter(({ type }) =>
      /^AWS::CloudWatch::(Composite)?Alarm$/.test(type),
    );
    if (named.length === 0)
      return [
        { check: 'alarms', level: 'warning', text: 'the stack has none', advice: 'deploy a version that has alarms' },
      ];
    const { MetricAlarms = [], CompositeAlarms = [] } = await new CloudWatchClient(deployment.aws).send(
      new DescribeAlarmsCommand({
        AlarmNames: named.map(({ physicalId }) => physicalId),
        AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
      }),
    );
    const all = [...MetricAlarms, ...CompositeAlarms];
    const findings: Finding[] = all
      .filter(({ StateValue }) => StateValue === 'ALARM')
      .map(({ AlarmName, AlarmDescription = '' }) => ({
        check: 'alarms',
        level: 'problem',
        text: `${AlarmName} is in alarm`,
        ...(AlarmDescription ? { advice: AlarmDescription } : {}),
      }));
    const silent = all.filter(
      ({ AlarmActions = [], ActionsEnabled }) => AlarmActions.length === 0 || ActionsEnabled === false,
    );
    if (silent.length > 0)
      findings.push({
        check: 'alarms',
        level: 'warning',
        text: `${silent.length} of ${all.length} notify nobody`,
        advice: 'give the stack a topic for its alarms',
      });
    return findings.length > 0 ? findings : [{ check: 'alarms', level: 'ok', text: `${all.length}, none in alarm` }];
  },
};
