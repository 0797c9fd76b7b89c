import { startSchedule } from '../event-bridge/schedule.ts';
import type { CreateResource } from '../stack.ts';
import { findFunction, physicalName, type ResourceContext } from './context.ts';

type Properties = { ScheduleExpression: string; State?: string; Target: { Arn: string; Input?: string } };

/** AWS::Scheduler::Schedule that invokes a function. */
export function schedulerSchedule(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const { ScheduleExpression, State, Target } = properties as Properties;
    const name = physicalName(context, logicalId);
    const target = findFunction(context, Target.Arn);
    const run = () => target.runAsync(Target.Input ?? '{}');
    if (State !== 'DISABLED') {
      context.schedules.push(startSchedule(ScheduleExpression, context.overrides.scheduleRateSeconds, run));
    }
    const arn = `arn:aws:scheduler:${context.region}:${context.accountId}:schedule/default/${name}`;
    return { ref: name, attributes: { Arn: arn } };
  };
}
