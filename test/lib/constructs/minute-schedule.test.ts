import { Match } from 'aws-cdk-lib/assertions';
import { describe, it } from 'vitest';
import { sendoffTemplate } from '../../helpers/sendoff-template.ts';

describe('the clock', () => {
  const { template } = sendoffTemplate();

  it('runs the schedule once a minute and lets a missed run go', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [
        {
          Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('ScheduleFunction'), 'Arn'] },
          RetryPolicy: { MaximumRetryAttempts: 0 },
        },
      ],
    });
  });

  it('is allowed to, for this rule alone', () => {
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'events.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('EveryMinuteRule'), 'Arn'] },
    });
  });
});
