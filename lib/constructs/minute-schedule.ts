import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';

/** Invokes a function once a minute. */
export class MinuteSchedule extends Construct {
  constructor(scope: Construct, id: string, handler: IFunction) {
    super(scope, id);
    new Rule(this, 'Rule', {
      description: 'Invokes a function of Sendoff once a minute',
      schedule: Schedule.rate(Duration.minutes(1)),
      // No retry of a failed invocation: the next one does its work too.
      targets: [new LambdaTarget(handler, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
    });
  }
}
