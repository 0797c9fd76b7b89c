import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { findDeployment } from '../../../bin/cli/deployment.ts';

const cloudFormation = mockClient(CloudFormationClient);

const functionWith = (Variables: object) => ({
  Type: 'AWS::Lambda::Function',
  Properties: { Environment: { Variables } },
});
/** As little of a Sendoff as the CLI needs. */
const sendoff = (id: string) => ({
  [`${id}Table01234567`]: { Type: 'AWS::DynamoDB::Table' },
  [`${id}SendFunction01234567`]: functionWith({
    CONFIGURATION_SET: 'set',
    DEPLOYMENT: `Shop/${id}`,
    TABLE_NAME: { Ref: `${id}Table01234567` },
    PUBLIC_URL: { 'Fn::GetAtt': [`${id}HttpApi01234567`, 'ApiEndpoint'] },
    ...Object.fromEntries(
      ['BODY_BUCKET', 'TRANSACTIONAL_QUEUE_URL', 'BULK_QUEUE_URL', 'WEBHOOK_QUEUE_URL', 'WEBHOOK_SLOW_QUEUE_URL'].map(
        (name) => [name, name.toLowerCase()],
      ),
    ),
  }),
  [`${id}ScheduleFunction01234567`]: functionWith({}),
  [`${id}ApiFunction01234567`]: functionWith({}),
  [`${id}FeedbackQueue01234567`]: { Type: 'AWS::SQS::Queue' },
  [`${id}DeadLetterQueue01234567`]: { Type: 'AWS::SQS::Queue' },
  [`${id}HttpApi01234567`]: { Type: 'AWS::ApiGatewayV2::Api' },
});

function deployed(resources: object): void {
  const StackId = 'arn:aws:cloudformation:eu-central-1:111122223333:stack/Shop/1';
  const stack = { StackName: 'Shop', StackId, CreationTime: new Date(0), StackStatus: 'CREATE_COMPLETE' } as const;
  cloudFormation.on(DescribeStacksCommand, { StackName: 'Shop' }).resolves({ Stacks: [stack] });
  cloudFormation.on(GetTemplateCommand).resolves({ TemplateBody: JSON.stringify({ Resources: resources }) });
  cloudFormation.on(ListStackResourcesCommand).resolves({
    StackResourceSummaries: Object.keys(resources).map((LogicalResourceId) => ({
      LogicalResourceId,
      PhysicalResourceId: `physical-${LogicalResourceId.slice(0, -8)}`,
      ResourceType: '',
      LastUpdatedTimestamp: new Date(0),
      ResourceStatus: 'CREATE_COMPLETE',
    })),
  });
}

const find = (stack: string) => findDeployment({ stack, region: 'eu-central-1' }, {});

describe('a Sendoff in a stack of the user', () => {
  beforeEach(() => cloudFormation.reset());
  afterAll(() => cloudFormation.restore());

  it('is found by the template: physical names in place of the outputs of our own stack', async () => {
    deployed(sendoff('Mail'));
    expect(await find('Shop')).toMatchObject({
      stackName: 'Shop',
      outputs: {
        TableName: 'physical-MailTable',
        ApiUrl: 'https://physical-MailHttpApi.execute-api.eu-central-1.amazonaws.com',
        DeadLetterQueueUrl: 'physical-MailDeadLetterQueue',
        ApiFunctionName: 'physical-MailApiFunction',
        ConfigurationSetName: 'set',
      },
    });
  });

  it('must be named when there are several', async () => {
    deployed({ ...sendoff('Mail'), ...sendoff('News') });
    await expect(find('Shop')).rejects.toThrow('2 Sendoffs. Say which: --stack Shop/Mail or --stack Shop/News');
    await expect(find('Shop/Post')).rejects.toThrow('2 Sendoffs');
    expect((await find('Shop/News')).outputs.TableName).toBe('physical-NewsTable');
  });

  it('is missing where there is none', async () => {
    deployed({ Queue: { Type: 'AWS::SQS::Queue' } });
    expect((await find('Shop')).outputs).toEqual({});
  });
});
