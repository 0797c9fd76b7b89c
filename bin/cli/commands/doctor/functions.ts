import { stackResources } from '../../aws.ts';
import { output } from '../../deployment.ts';
import { count } from '../../layout.ts';
import type { Check, Finding } from './finding.ts';

/** Concurrent executions that the API and the schedule need beside the senders. */
const RESERVE = 10;

export const triggers: Check = {
  name: 'workers',
  alsoLocal: false,
  examine: async ({ deployment }) => {
    const { LambdaClient, ListEventSourceMappingsCommand, GetAccountSettingsCommand } = await import(
      '@aws-sdk/client-lambda'
    );
    const client = new LambdaClient(deployment.aws);
    const FunctionName = output(deployment, 'SendFunctionName');
    const [{ EventSourceMappings = [] }, { AccountLimit }] = await Promise.all([
      client.send(new ListEventSourceMappingsCommand({ FunctionName })),
      client.send(new GetAccountSettingsCommand({})),
    ]);
    const wanted = EventSourceMappings.reduce(
      (sum, { ScalingConfig }) => sum + (ScalingConfig?.MaximumConcurrency ?? 0),
      0,
    );
    const limit = AccountLimit?.ConcurrentExecutions ?? 0;
    const off = EventSourceMappings.filter(({ State = '' }) => !/^(Enabled|Enabling|Updating)$/.test(State));
    const findings: Finding[] = off.map(({ EventSourceArn = '', State }) => ({
      check: 'workers',
      level: 'problem',
      text: `the trigger of ${EventSourceArn.split(':').at(-1)} is ${State}: nothing is sent from that queue`,
      advice: "enable it in the Lambda console, under the send function's triggers",
    }));
    if (EventSourceMappings.length === 0)
      findings.push({
        check: 'workers',
        level: 'problem',
        text: 'no queue triggers the send function',
        advice: 'npx cdk deploy',
      });
    if (limit < wanted + RESERVE)
      findings.push({
        check: 'workers',
        level: 'warning',
        text: `the account runs ${limit} functions at once; maxConcurrency and bulkMaxConcurrency ask for ${wanted} besides the API's`,
        advice: 'ask for more in Service Quotas (Lambda, concurrent executions), or lower the options',
      });
    return findings.length > 0
      ? findings
      : [
          {
            check: 'workers',
            level: 'ok',
            text: `${count(EventSourceMappings.length, 'trigger')} on, up to ${wanted} senders at once of the account's ${limit}`,
          },
        ];
  },
};

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
