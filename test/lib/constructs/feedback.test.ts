import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { sendoffTemplate } from '../../helpers/sendoff-template.ts';

const { template } = sendoffTemplate();
const FATES = ['send', 'reject', 'delivery', 'deliveryDelay', 'bounce', 'complaint', 'renderingFailure'];

describe('the way back', () => {
  it('brings every fate of an email, and no tracking unless asked: tracking changes the email', () => {
    const typesOf = (props: object) =>
      Object.values(
        sendoffTemplate(props).template.findResources('AWS::SES::ConfigurationSetEventDestination'),
      )[0]?.Properties.EventDestination.MatchingEventTypes.toSorted();
    expect(typesOf({})).toEqual(FATES.toSorted());
    expect(typesOf({ tracking: true })).toEqual([...FATES, 'open', 'click'].toSorted());
  });

  it('hands the events to the queue as SES wrote them', () => {
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'sqs', RawMessageDelivery: true });
  });

  it('lets only SES, and only for our configuration set, write to the topic', () => {
    const [policy] = Object.values(template.findResources('AWS::SNS::TopicPolicy'));
    const allowed = policy?.Properties.PolicyDocument.Statement.filter(
      ({ Effect }: { Effect: string }) => Effect === 'Allow',
    );
    expect(allowed).toEqual([
      expect.objectContaining({ Action: 'sns:Publish', Principal: { Service: 'ses.amazonaws.com' } }),
    ]);
    expect(JSON.stringify(allowed[0].Condition)).toMatch(/AWS:SourceArn.*configuration-set\//);
  });

  it('keeps events that could not be noted, after as many tries as a job has', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: Match.anyValue() },
      VisibilityTimeout: 181,
    });
  });
});

describe('the feedback function', () => {
  it('takes the events of a second together', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });
});

describe('a deployed stack', () => {
  it('never lets webhooks go to http or to loopback, whatever its options', () => {
    for (const props of [{}, { tracking: true }, { removeData: true, xray: true }])
      expect(JSON.stringify(sendoffTemplate(props).template.toJSON())).not.toContain('SENDOFF_LOCAL_ENDPOINTS');
  });
});
