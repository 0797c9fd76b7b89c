import { Match } from 'aws-cdk-lib/assertions';
import { describe, it } from 'vitest';
import { sendoffTemplate } from '../../helpers/sendoff-template.ts';

describe('the minute schedule', () => {
  const { template } = sendoffTemplate();

  it('invokes the schedule function once a minute, without retries', () => {
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

  it('may invoke it for this rule only', () => {
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'events.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('EveryMinuteRule'), 'Arn'] },
    });
  });
});
