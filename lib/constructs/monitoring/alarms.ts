import { Alarm, ComparisonOperator, type IAlarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { type AlarmCondition, alarmConditions } from './alarm-conditions.ts';
import type { MonitoringMetrics } from './metrics.ts';

export interface AlarmsProps {
  readonly metrics: MonitoringMetrics;
  /** Gets a notification when an alarm begins and when it ends; absent: no notifications. */
  readonly topic?: ITopic | undefined;
}

/**
 * An alarm for each condition that needs a person. There is none for what recovers by itself: a retry, a cold start, one
 * lost request. The documentation explains each alarm: describe a new one there too.
 */
export class Alarms extends Construct {
  readonly all: readonly IAlarm[];

  constructor(scope: Construct, id: string, { metrics, topic }: AlarmsProps) {
    super(scope, id);
    this.all = Object.entries(alarmConditions(metrics)).map(([name, condition]) =>
      this.createAlarm(name, condition, topic),
    );
  }

  private createAlarm(name: string, condition: AlarmCondition, topic: ITopic | undefined): Alarm {
    const { metric, atLeast, description, periods = { bad: 1, of: 1 }, missing } = condition;
    const alarm = new Alarm(this, name, {
      metric,
      threshold: atLeast,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods.of,
      datapointsToAlarm: periods.bad,
      // A deployment that nobody uses has no data.
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
      alarmDescription: description,
    });
    if (topic) {
      alarm.addAlarmAction(new SnsAction(topic));
      alarm.addOkAction(new SnsAction(topic));
    }
    return alarm;
  }
}
