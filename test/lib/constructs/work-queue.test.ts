import { Match, Template } from 'aws-cdk-lib/assertions';
import { App, Duration, Stack } from 'aws-cdk-lib/core';
import { describe, expect, it } from 'vitest';
import { DeadLetterQueue, WorkQueue } from '../../../lib/constructs/work-queue.ts';

const FOURTEEN_DAYS_SECONDS = 14 * 24 * 60 * 60;

describe('a work queue', () => {
  const stack = new Stack(new App(), 'Stack');
  const deadLetterQueue = new DeadLetterQueue(stack, 'Dead');
  new WorkQueue(stack, 'Work', { deadLetterQueue, maxReceiveCount: 3, workerTimeout: Duration.seconds(40) });
  const template = Template.fromStack(stack);

  it("hides a job for six times its worker's time limit", () => {
    template.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 240 });
  });

  it('moves a job to the dead-letter queue after the number of tries', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Dead'), 'Arn'] },
        maxReceiveCount: 3,
      },
    });
  });

  it('keeps jobs as long as SQS can, encrypted, with TLS only; so does the dead-letter queue', () => {
    template.resourceCountIs('AWS::SQS::Queue', 2);
    template.allResourcesProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: FOURTEEN_DAYS_SECONDS,
      SqsManagedSseEnabled: true,
    });
    const policies = Object.values(template.findResources('AWS::SQS::QueuePolicy'));
    expect(policies).toHaveLength(2);
    for (const { Properties } of policies) {
      expect(Properties.PolicyDocument.Statement).toMatchObject([
        { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      ]);
    }
  });
});
