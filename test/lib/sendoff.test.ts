import { Match } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, it } from 'vitest';
import { Sendoff } from '../../lib/sendoff.ts';
import { grantsOf, sendoffTemplate } from '../helpers/sendoff-template.ts';

const { template, sendoff, stack } = sendoffTemplate();

/** What each role may do, word for word: anything more is a permission nobody asked for. */
const both = ['{MailBulkQueue}', '{MailTransactionalQueue}'];
const all = [...both, '{MailWebhookQueue}'];
const table = ['{MailTable}'];
const bodies = ['{MailBodyBucket}/*'];
const log = (name: string) => ({
  'Allow logs:CreateLogStream': [`{Mail${name}Logs}`],
  'Allow logs:PutLogEvents': [`{Mail${name}Logs}`],
});

describe('least privilege', () => {
  it('lets the API work on records, keys and bodies, list them, queue jobs, and read what SES says of domains', () => {
    expect(grantsOf(template, 'ApiFunctionRole')).toEqual({
      ...log('ApiFunction'),
      'Allow dynamodb:BatchGetItem': table,
      'Allow dynamodb:DeleteItem': table,
      'Allow dynamodb:GetItem': table,
      'Allow dynamodb:PutItem': table,
      'Allow dynamodb:UpdateItem': table,
      'Allow dynamodb:Query': ['{MailTable}/index/list'],
      'Allow s3:GetObject': bodies,
      'Allow s3:PutObject': bodies,
      'Allow s3:ListBucket': ['{MailBodyBucket}'],
      'Allow ses:GetIdentityDkimAttributes': ['*'],
      'Allow ses:GetIdentityVerificationAttributes': ['*'],
      'Allow ses:ListIdentities': ['*'],
      'Allow sqs:SendMessage': all,
    });
  });

  it('lets the sender claim, read bodies, send through its configuration set, and consume and refill its queues', () => {
    const ses = 'arn:{AWS::Partition}:ses:{AWS::Region}:{AWS::AccountId}';
    expect(grantsOf(template, 'SendFunctionRole')).toEqual({
      ...log('SendFunction'),
      'Allow dynamodb:BatchGetItem': table,
      'Allow dynamodb:GetItem': table,
      'Allow dynamodb:PutItem': table,
      'Allow dynamodb:UpdateItem': table,
      'Allow dynamodb:Query': ['{MailTable}/index/list'],
      'Allow s3:GetObject': bodies,
      'Allow s3:ListBucket': ['{MailBodyBucket}'],
      'Allow ses:SendRawEmail': [`${ses}:configuration-set/{MailOutboundConfigurationSet}`, `${ses}:identity/*`],
      'Allow sqs:DeleteMessage': both,
      'Allow sqs:GetQueueAttributes': both,
      'Allow sqs:ReceiveMessage': both,
      'Allow sqs:SendMessage': all,
    });
  });

  it('lets the schedule find, read and note records, and queue jobs', () => {
    expect(grantsOf(template, 'ScheduleFunctionRole')).toEqual({
      ...log('ScheduleFunction'),
      'Allow dynamodb:BatchGetItem': table,
      'Allow dynamodb:GetItem': table,
      'Allow dynamodb:PutItem': table,
      'Allow dynamodb:UpdateItem': table,
      'Allow dynamodb:Query': ['{MailTable}/index/due', '{MailTable}/index/list'],
      'Allow sqs:SendMessage': both,
    });
  });

  it('lets the feedback note what happened, suppress, and tell webhooks, but read no body and send nothing', () => {
    const queue = ['{MailFeedbackQueue}'];
    expect(grantsOf(template, 'FeedbackFunctionRole')).toEqual({
      ...log('FeedbackFunction'),
      'Allow dynamodb:BatchGetItem': table,
      'Allow dynamodb:PutItem': table,
      'Allow dynamodb:UpdateItem': table,
      'Allow dynamodb:Query': ['{MailTable}/index/list'],
      'Allow sqs:DeleteMessage': queue,
      'Allow sqs:GetQueueAttributes': queue,
      'Allow sqs:ReceiveMessage': queue,
      'Allow sqs:SendMessage': ['{MailWebhookQueue}'],
    });
  });

  it('lets the webhooks read what to tell and keep how it went, and retry on their own queue', () => {
    const queue = ['{MailWebhookQueue}'];
    expect(grantsOf(template, 'WebhookFunctionRole')).toEqual({
      ...log('WebhookFunction'),
      'Allow dynamodb:BatchGetItem': table,
      'Allow dynamodb:GetItem': table,
      'Allow dynamodb:PutItem': table,
      'Allow dynamodb:UpdateItem': table,
      'Allow s3:GetObject': bodies,
      'Allow s3:ListBucket': ['{MailBodyBucket}'],
      'Allow sqs:DeleteMessage': queue,
      'Allow sqs:GetQueueAttributes': queue,
      'Allow sqs:ReceiveMessage': queue,
      'Allow sqs:SendMessage': queue,
    });
  });

  it('gives no role a managed policy', () => {
    const roles = Object.values(template.findResources('AWS::IAM::Role'));
    expect(roles).toHaveLength(5);
    for (const { Properties } of roles) expect(Properties).not.toHaveProperty('ManagedPolicyArns');
  });

  it('allows traces only when they are asked for', () => {
    const traced = sendoffTemplate({ xray: true }).template;
    traced.allResourcesProperties('AWS::Lambda::Function', {
      TracingConfig: { Mode: 'Active' },
      Environment: { Variables: { TRACE_CALLS: 'true' } },
    });
    expect(grantsOf(traced, 'ApiFunctionRole')).toMatchObject({
      'Allow xray:PutTelemetryRecords': ['*'],
      'Allow xray:PutTraceSegments': ['*'],
    });
  });
});

describe('what a function gets in its environment', () => {
  const backend = {
    TABLE_NAME: { Ref: Match.stringLikeRegexp('MailTable') },
    BODY_BUCKET: { Ref: Match.stringLikeRegexp('MailBodyBucket') },
    TRANSACTIONAL_QUEUE_URL: { Ref: Match.stringLikeRegexp('MailTransactionalQueue') },
    BULK_QUEUE_URL: { Ref: Match.stringLikeRegexp('MailBulkQueue') },
    WEBHOOK_QUEUE_URL: { Ref: Match.stringLikeRegexp('MailWebhookQueue') },
    DEPLOYMENT: 'Shop/Mail',
    LOG_LEVEL: 'info',
    NODE_OPTIONS: '--enable-source-maps',
  };
  it.each([
    ['Answers the HTTP API', { ...backend, RETENTION_DAYS: '90' }],
    [
      'Sends queued emails',
      {
        ...backend,
        WORKER_CONCURRENCY: '10',
        CONFIGURATION_SET: { Ref: Match.anyValue() },
        PUBLIC_URL: { 'Fn::GetAtt': [Match.stringLikeRegexp('MailHttpApi'), 'ApiEndpoint'] },
      },
    ],
    ['Queues scheduled emails', backend],
    ['Notes what Amazon SES reports', backend],
    ['Tells endpoints', { ...backend, WORKER_CONCURRENCY: '10' }],
  ])('%s: what it reads and nothing else', (description, variables) => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp(description),
      Environment: { Variables: Match.objectEquals(variables) },
    });
  });
});

describe('Sendoff in another app', () => {
  it('is one construct whose outputs are values of that stack', () => {
    expect(stack.resolve(sendoff.apiUrl)).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^MailHttpApi/), 'ApiEndpoint'],
    });
    expect(stack.resolve(sendoff.table.tableName)).toEqual({ Ref: expect.stringMatching(/^MailTable/) });
    expect(stack.resolve(sendoff.configurationSetName)).toEqual({ Ref: expect.stringMatching(/^MailOutbound/) });
    expect(Object.keys(sendoff.functions)).toEqual(['api', 'send', 'schedule', 'feedback', 'webhook']);
  });

  it('lets a function of that app accept emails, and nothing more', () => {
    const other = sendoffTemplate({}, (mail, shop) => {
      const role = new Role(shop, 'Checkout', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
      mail.grantAccept(role).assertSuccess();
    });
    expect(grantsOf(other.template, 'Checkout')).toEqual({
      'Allow dynamodb:DeleteItem': table,
      'Allow dynamodb:PutItem': table,
      'Allow s3:PutObject': bodies,
      'Allow sqs:SendMessage': both,
    });
  });

  it('says what such a function needs in its environment: all that the API itself is given', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('Answers the HTTP API'),
      Environment: { Variables: stack.resolve(sendoff.acceptEnvironment) },
    });
    expect(Object.keys(sendoff.acceptEnvironment)).toContain('RETENTION_DAYS');
  });

  it('can stand twice in a stack', () => {
    const { template: twice } = sendoffTemplate(
      {},
      (_mail, shop) => void new Sendoff(shop, 'News', { maxConcurrency: 50 }),
    );
    twice.resourceCountIs('AWS::DynamoDB::Table', 2);
    twice.resourceCountIs('AWS::ApiGatewayV2::Api', 2);
  });

  it('refuses a prop out of its range as the command line does', () => {
    expect(() => sendoffTemplate({ maxConcurrency: 1 })).toThrow("Option 'maxConcurrency' is 1; allowed: 2 to 1000.");
  });
});

describe('data', () => {
  const dataTypes = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket'];

  it('stays when the stack goes', () => {
    for (const type of dataTypes)
      template.allResources(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    template.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: true });
  });

  it('goes with the stack when asked to', () => {
    const removable = sendoffTemplate({ removeData: true }).template;
    for (const type of dataTypes) removable.allResources(type, { DeletionPolicy: 'Delete' });
    removable.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
  });
});
