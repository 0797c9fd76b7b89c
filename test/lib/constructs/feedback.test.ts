import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { sendoffTemplate } from '../../helpers/sendoff-template.ts';

const { template } = sendoffTemplate();
const DELIVERY_EVENTS = ['send', 'reject', 'delivery', 'deliveryDelay', 'bounce', 'complaint', 'renderingFailure'];

describe('the events of SES', () => {
  it('include every result of an email, and those of tracking only with `tracking`, which changes the email', () => {
    const typesOf = (props: object) =>
      Object.values(
        sendoffTemplate(props).template.findResources('AWS::SES::ConfigurationSetEventDestination'),
      )[0]?.Properties.EventDestination.MatchingEventTypes.toSorted();
    expect(typesOf({})).toEqual(DELIVERY_EVENTS.toSorted());
    expect(typesOf({ tracking: true })).toEqual([...DELIVERY_EVENTS, 'open', 'click'].toSorted());
  });

  it('reach the queue as SES wrote them', () => {
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'sqs', RawMessageDelivery: true });
  });

  it('can only come from SES, and only for our configuration set', () => {
    const [policy] = Object.values(template.findResources('AWS::SNS::TopicPolicy'));
    const allowed = policy?.Properties.PolicyDocument.Statement.filter(
      ({ Effect }: { Effect: string }) => Effect === 'Allow',
    );
    expect(allowed).toEqual([
      expect.objectContaining({ Action: 'sns:Publish', Principal: { Service: 'ses.amazonaws.com' } }),
    ]);
    expect(JSON.stringify(allowed[0].Condition)).toMatch(/AWS:SourceArn.*configuration-set\//);
  });

  it('go to the dead-letter queue after as many tries as a job has', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: Match.anyValue() },
      VisibilityTimeout: 185,
    });
  });
});

describe('the feedback function', () => {
  it('gets the events of five seconds as one batch', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 5,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });
});

describe('a deployed stack', () => {
  it('never allows webhook endpoints on http or loopback, whatever its options', () => {
    for (const props of [{}, { tracking: true }, { removeData: true, xray: true }])
      expect(JSON.stringify(sendoffTemplate(props).template.toJSON())).not.toContain('SENDOFF_LOCAL_ENDPOINTS');
  });
});
