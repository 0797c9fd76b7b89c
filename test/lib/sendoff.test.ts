import { Match } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, it } from 'vitest';
import { matchesPattern } from '../../lib/local/cloud/aws/iam-conditions.ts';
import { Sendoff, type SendoffProps } from '../../lib/sendoff.ts';
import { grantsOf, sendoffTemplate } from '../helpers/sendoff-template.ts';

const { template, sendoff, stack } = sendoffTemplate();

const both = ['{MailBulkQueue}', '{MailTransactionalQueue}'];
const webhooks = ['{MailWebhookQueue}', '{MailWebhookSlowQueue}'];
const all = [...both, ...webhooks];
const table = ['{MailTable}'];
/** The table, restricted to kinds of documents. A kind is a prefix of keys, but some are whole keys. */
const wholeKeys = ['webhook-list', 'sending'];
const documents = (...kinds: string[]) => [
  `{MailTable} of ${kinds.map((kind) => (wholeKeys.includes(kind) ? kind : `${kind}#*`)).join()}`,
];
const index = (name: string, ...kinds: string[]) =>
  `{MailTable}/index/${name} of ${kinds.map((kind) => `${kind}#*`).join()}`;
const bodies = ['{MailBodyBucket}/*'];
const log = (name: string) => ({
  'Allow logs:CreateLogStream': [`{Mail${name}Logs}`],
  'Allow logs:PutLogEvents': [`{Mail${name}Logs}`],
});

/** The complete grants of each role. */
describe('least privilege', () => {
  it('lets the API read, write and list documents, read and write bodies, queue jobs, read metrics and the identities of SES, and deal with dead letters', () => {
    const [dead, feedback] = ['{MailDeadLetterQueue}', '{MailFeedbackQueue}'];
    expect(grantsOf(template, 'ApiFunctionRole')).toEqual({
      ...log('ApiFunction'),
      'Allow cloudwatch:GetMetricData': ['*'],
      'Allow dynamodb:BatchGetItem': table,
      'Allow dynamodb:BatchWriteItem': table,
      'Allow dynamodb:DeleteItem': table,
      'Allow dynamodb:GetItem': table,
      'Allow dynamodb:PutItem': table,
      'Allow dynamodb:UpdateItem': table,
      'Allow dynamodb:Query': ['{MailTable}/index/due', '{MailTable}/index/list'],
      'Allow s3:GetObject': bodies,
      'Allow s3:PutObject': bodies,
      'Allow s3:ListBucket': ['{MailBodyBucket}'],
      'Allow ses:GetIdentityDkimAttributes': ['*'],
      'Allow ses:GetIdentityMailFromDomainAttributes': ['*'],
      'Allow ses:GetIdentityVerificationAttributes': ['*'],
      'Allow ses:ListIdentities': ['*'],
      'Allow sqs:ChangeMessageVisibility': [dead],
      'Allow sqs:DeleteMessage': [dead],
      'Allow sqs:GetQueueAttributes': [...all, dead, feedback].sort(),
      'Allow sqs:ReceiveMessage': [dead],
      'Allow sqs:SendMessage': [...all, feedback].sort(),
    });
  });

  it('lets the send function claim emails, read bodies, send through its configuration set, and consume and fill its queues', () => {
    const ses = 'arn:{AWS::Partition}:ses:{AWS::Region}:{AWS::AccountId}';
    const read = documents(
      ...['body', 'suppression', 'webhook', 'webhook-list', 'unsubscribe', 'sending', 'template-version', 'email'],
      ...['contact-import', 'contact', 'segment', 'topic', 'contact-property'],
      ...['broadcast', 'broadcast-content', 'broadcast-chunk', 'broadcast-count'],
    );
    const created = [
      'unsubscribe',
      'sending',
      'slots',
      'email',
      'broadcast-chunk',
      'broadcast-count',
      'broadcast-link',
    ];
    const changed = [
      'broadcast',
      'broadcast-content',
      'broadcast-chunk',
      'broadcast-count',
      'broadcast-link',
      'contact',
      'segment-count',
    ];
    expect(grantsOf(template, 'SendFunctionRole')).toEqual({
      ...log('SendFunction'),
      'Allow dynamodb:BatchGetItem': read,
      'Allow dynamodb:GetItem': read,
      'Allow dynamodb:PutItem': documents(...created, 'contact', 'member', 'segment-count'),
      'Allow dynamodb:UpdateItem': documents('email', 'sending', 'slots', ...changed, 'contact-import'),
      'Allow dynamodb:DeleteItem': documents('member', 'segment', 'segment-count', 'body'),
      'Allow dynamodb:Query': [
        index('due', 'segments-of', 'broadcast-open'),
        index('list', 'webhook', 'segment-members', 'contact-property', 'broadcast-link'),
      ],
      'Allow s3:DeleteObject': bodies,
      'Allow s3:GetObject': bodies,
      'Allow s3:ListBucket': ['{MailBodyBucket}'],
      'Allow ses:GetSendQuota': ['*'],
      'Allow ses:SendRawEmail': [`${ses}:configuration-set/{MailOutboundConfigurationSet}`, `${ses}:identity/*`],
      'Allow sqs:DeleteMessage': both,
      'Allow sqs:GetQueueAttributes': both,
      'Allow sqs:ReceiveMessage': both,
      'Allow sqs:SendMessage': all,
    });
  });

  it('lets the schedule function find, read and update emails, and queue jobs', () => {
    expect(grantsOf(template, 'ScheduleFunctionRole')).toEqual({
      ...log('ScheduleFunction'),
      'Allow dynamodb:BatchGetItem': documents('email', 'broadcast', 'schedule', 'sending'),
      'Allow dynamodb:GetItem': documents('sending'),
      'Allow dynamodb:PutItem': documents('schedule', 'sending'),
      'Allow dynamodb:UpdateItem': documents('email', 'broadcast', 'schedule', 'sending'),
      'Allow ses:GetSendQuota': ['*'],
      'Allow dynamodb:Query': [index('due', 'email', 'broadcast'), index('list', 'email')],
      'Allow sqs:GetQueueAttributes': both,
      'Allow sqs:SendMessage': both,
    });
  });

  it('lets the feedback function record events, suppress addresses and queue webhooks, but not read bodies or send', () => {
    const queue = ['{MailFeedbackQueue}'];
    expect(grantsOf(template, 'FeedbackFunctionRole')).toEqual({
      ...log('FeedbackFunction'),
      'Allow dynamodb:BatchGetItem': documents('email', 'suppression', 'webhook', 'webhook-list', 'broadcast-count'),
      'Allow dynamodb:PutItem': documents('email', 'suppression', 'broadcast-count', 'broadcast-link'),
      'Allow dynamodb:UpdateItem': documents('email', 'suppression', 'broadcast-count', 'broadcast-link'),
      'Allow dynamodb:Query': [index('list', 'webhook', 'broadcast-link')],
      'Allow sqs:DeleteMessage': queue,
      'Allow sqs:GetQueueAttributes': queue,
      'Allow sqs:ReceiveMessage': queue,
      'Allow sqs:SendMessage': webhooks,
    });
  });

  it('lets the webhook function read emails and endpoints, record deliveries, and retry on its own queues', () => {
    const queue = webhooks;
    const read = documents('email', 'body', 'webhook', 'webhook-event');
    expect(grantsOf(template, 'WebhookFunctionRole')).toEqual({
      ...log('WebhookFunction'),
      'Allow dynamodb:BatchGetItem': read,
      'Allow dynamodb:GetItem': read,
      'Allow dynamodb:PutItem': documents('webhook-event'),
      'Allow dynamodb:UpdateItem': documents('webhook', 'webhook-event'),
      'Allow s3:GetObject': bodies,
      'Allow s3:ListBucket': ['{MailBodyBucket}'],
      'Allow sqs:DeleteMessage': queue,
      'Allow sqs:GetQueueAttributes': queue,
      'Allow sqs:ReceiveMessage': queue,
      'Allow sqs:SendMessage': queue,
    });
  });

  it('lets only the API function read API keys, or send requests that name no document', () => {
    const statements = Object.entries(template.findResources('AWS::IAM::Policy'))
      .filter(([logicalId]) => !logicalId.includes('ApiFunction'))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
      .filter(({ Action }) => [Action].flat().some((action: string) => action.startsWith('dynamodb:')));
    expect(statements.length).toBeGreaterThan(8);
    for (const { Condition } of statements) {
      expect(Condition.Null).toEqual({ 'dynamodb:LeadingKeys': 'false' });
      const allowed = [Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys']].flat();
      expect(allowed.filter((pattern: string) => matchesPattern(pattern, 'api-key#1'))).toEqual([]);
    }
  });

  it('gives no role a managed policy', () => {
    const roles = Object.values(template.findResources('AWS::IAM::Role'));
    expect(roles).toHaveLength(5);
    for (const { Properties } of roles) expect(Properties).not.toHaveProperty('ManagedPolicyArns');
  });

  it('allows traces only with xray', () => {
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

describe('the environment of a function', () => {
  const backend = {
    TABLE_NAME: { Ref: Match.stringLikeRegexp('MailTable') },
    INDEX_SHARDS: '4',
    BODY_BUCKET: { Ref: Match.stringLikeRegexp('MailBodyBucket') },
    TRANSACTIONAL_QUEUE_URL: { Ref: Match.stringLikeRegexp('MailTransactionalQueue') },
    BULK_QUEUE_URL: { Ref: Match.stringLikeRegexp('MailBulkQueue') },
    WEBHOOK_QUEUE_URL: { Ref: Match.stringLikeRegexp('MailWebhookQueue') },
    WEBHOOK_SLOW_QUEUE_URL: { Ref: Match.stringLikeRegexp('MailWebhookSlowQueue') },
    DEPLOYMENT: 'Shop/Mail',
    LOG_LEVEL: 'info',
    NODE_OPTIONS: '--enable-source-maps',
  };
  it.each([
    [
      'Answers the HTTP API',
      {
        ...backend,
        RETENTION_DAYS: '30',
        CONSOLE: 'true',
        FEEDBACK_QUEUE_URL: { Ref: Match.stringLikeRegexp('MailFeedbackQueue') },
        DEAD_LETTER_QUEUE_URL: { Ref: Match.stringLikeRegexp('MailDeadLetterQueue') },
      },
    ],
    [
      'Sends queued emails',
      {
        ...backend,
        WORKER_CONCURRENCY: '10',
        CONFIGURATION_SET: { Ref: Match.anyValue() },
        GIVE_UP_AFTER_HOURS: '120',
        RETENTION_DAYS: '30',
        PUBLIC_URL: { 'Fn::GetAtt': [Match.stringLikeRegexp('MailHttpApi'), 'ApiEndpoint'] },
      },
    ],
    ['Queues scheduled emails', backend],
    ['Records what Amazon SES reports', { ...backend, RETENTION_DAYS: '30' }],
    ['Delivers events to webhook', { ...backend, WORKER_CONCURRENCY: '10' }],
  ])('of `%s` has the variables that it reads and no others', (description, variables) => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp(description),
      Environment: { Variables: Match.objectEquals(variables) },
    });
  });
});

describe('the limits of sending', () => {
  it.each([
    [{}, { GIVE_UP_AFTER_HOURS: '120', MAX_SEND_RATE: Match.absent() }],
    [{ maxSendRate: 7.5 }, { MAX_SEND_RATE: '7.5' }],
    [{}, { BROADCAST_FOOTER: Match.absent() }],
    [{ broadcastFooter: false }, { BROADCAST_FOOTER: 'false' }],
    [{ giveUpAfterHours: 336 }, { GIVE_UP_AFTER_HOURS: '336' }],
    // Before the record is gone.
    [{ retentionDays: 1 }, { GIVE_UP_AFTER_HOURS: '23' }],
  ] as const)('with the options %j are in the environment of the function that sends', (props, variables) => {
    sendoffTemplate(props).template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Sends queued emails through Amazon SES',
      Environment: { Variables: Match.objectLike(variables) },
    });
  });
});

it('tells the API that broadcasts have no footer: their tests have none either', () => {
  sendoffTemplate({ broadcastFooter: false }).template.hasResourceProperties('AWS::Lambda::Function', {
    Description: Match.stringLikeRegexp('Answers the HTTP API'),
    Environment: { Variables: Match.objectLike({ BROADCAST_FOOTER: 'false' }) },
  });
});

describe('Sendoff in another app', () => {
  it('is one construct whose properties are values of that stack', () => {
    expect(stack.resolve(sendoff.apiUrl)).toEqual({
      'Fn::GetAtt': [expect.stringMatching(/^MailHttpApi/), 'ApiEndpoint'],
    });
    expect(stack.resolve(sendoff.table.tableName)).toEqual({ Ref: expect.stringMatching(/^MailTable/) });
    expect(stack.resolve(sendoff.configurationSetName)).toEqual({ Ref: expect.stringMatching(/^MailOutbound/) });
    expect(Object.keys(sendoff.functions)).toEqual(['api', 'feedback', 'send', 'schedule', 'webhook']);
  });

  it('lets a function of that app accept emails, and do nothing else', () => {
    const other = sendoffTemplate({}, (mail, shop) => {
      const role = new Role(shop, 'Checkout', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
      mail.grantAccept(role).assertSuccess();
    });
    expect(grantsOf(other.template, 'Checkout')).toEqual({
      'Allow dynamodb:DeleteItem': documents('email'),
      'Allow dynamodb:GetItem': documents('email', 'template', 'template-alias', 'topic'),
      'Allow dynamodb:BatchWriteItem': documents('body'),
      'Allow dynamodb:PutItem': documents('email', 'body'),
      'Allow s3:PutObject': bodies,
      'Allow sqs:SendMessage': both,
    });
  });

  it('has the environment for such a function: that of the API function, with a prefix', () => {
    const { SENDOFF_RETENTION_DAYS, SENDOFF_TABLE_NAME, ...others } = stack.resolve(sendoff.acceptEnvironment);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: Match.stringLikeRegexp('Answers the HTTP API'),
      Environment: { Variables: { RETENTION_DAYS: SENDOFF_RETENTION_DAYS, TABLE_NAME: SENDOFF_TABLE_NAME } },
    });
    for (const name of Object.keys(others)) expect(name).toMatch(/^SENDOFF_/);
  });

  it('can be used twice in a stack', () => {
    const { template: twice } = sendoffTemplate(
      {},
      (_mail, shop) => void new Sendoff(shop, 'News', { maxConcurrency: 50 }),
    );
    twice.resourceCountIs('AWS::DynamoDB::Table', 2);
    twice.resourceCountIs('AWS::ApiGatewayV2::Api', 2);
  });

  it('reads a prop under the name it had in version 0.1', () => {
    const { template: redis } = sendoffTemplate({ backend: 'redis', redisSecret: 'upstash', maxDrainers: 7 });
    redis.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ MAX_CONSUMERS: '7' }) },
    });
  });

  it('refuses a prop out of its range as the command line does', () => {
    expect(() => sendoffTemplate({ maxConcurrency: 1 })).toThrow("Option 'maxConcurrency' is 1; allowed: 2 to 1000.");
  });
});

describe('data', () => {
  const dataTypes = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket'];

  it('stays when the stack is deleted', () => {
    for (const type of dataTypes)
      template.allResources(type, {
        DeletionPolicy: Match.stringLikeRegexp('^Retain'),
        UpdateReplacePolicy: 'Retain',
      });
    template.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: true });
  });

  it('is deleted with the stack with removeData', () => {
    const removable = sendoffTemplate({ removeData: true }).template;
    for (const type of dataTypes) removable.allResources(type, { DeletionPolicy: 'Delete' });
    removable.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
  });
});

describe('the console', () => {
  const variablesOf = (props: SendoffProps) => {
    const functions = Object.entries(sendoffTemplate(props).template.findResources('AWS::Lambda::Function'));
    return functions.flatMap(([id, { Properties }]) =>
      'CONSOLE' in Properties.Environment.Variables ? [id.replace(/.{8}$/, '')] : [],
    );
  };

  it('is served by the API function, unless it is left out', () => {
    expect(variablesOf({})).toEqual(['MailApiFunction']);
    expect(variablesOf({ backend: 'redis', redisSecret: 's' })).toEqual(['MailApiFunction']);
    expect(variablesOf({ console: false })).toEqual([]);
  });
});
