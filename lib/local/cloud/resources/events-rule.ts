import { randomUUID } from 'node:crypto';
import { startSchedule } from '../event-bridge/schedule.ts';
import type { CreateResource } from '../stack.ts';
import { findFunction, physicalName, type ResourceContext } from './context.ts';

type Properties = { ScheduleExpression?: string; State?: string; Targets?: { Arn: string; Input?: string }[] };

/** AWS::Events::Rule with a schedule that invokes functions. */
export function eventsRule(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const { ScheduleExpression, State, Targets = [] } = properties as Properties;
    if (!ScheduleExpression) throw new Error('Only rules with a ScheduleExpression run locally');
    const name = physicalName(context, logicalId);
    const arn = `arn:aws:events:${context.region}:${context.accountId}:rule/${name}`;
    const targets = Targets.map(({ Arn, Input }) => ({ target: findFunction(context, Arn), input: Input }));
    const run = () => {
      for (const { target, input } of targets) target.runAsync(input ?? JSON.stringify(scheduledEvent(context, arn)));
    };
    const everySeconds = context.overrides.scheduleRateSeconds;
    if (everySeconds !== undefined) {
      const override = { template: ScheduleExpression, local: `rate(${everySeconds} s)` };
      context.log({ kind: 'override', logicalId, property: 'ScheduleExpression', ...override });
    }
    if (State !== 'DISABLED') context.schedules.push(startSchedule(ScheduleExpression, everySeconds, run));
    return { ref: name, attributes: { Arn: arn } };
  };
}

function scheduledEvent(context: ResourceContext, ruleArn: string) {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: context.accountId,
    time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    region: context.region,
    resources: [ruleArn],
    detail: {},
  };
}
