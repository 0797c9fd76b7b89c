import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateSummaryCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { BatchGetItemCommand, DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  GetAccountSettingsCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import {
  GetAccountCommand,
  GetConfigurationSetCommand,
  GetEmailIdentityCommand,
  ListEmailIdentitiesCommand,
  SESv2Client,
} from '@aws-sdk/client-sesv2';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Finding } from '../../../../bin/cli/commands/doctor/finding.ts';
import { timeSort } from '../../../../functions/core/document/time-sort.ts';
import { STACK_DESCRIPTION } from '../../../../lib/stack-name.ts';
import { cli } from '../cli.ts';

export const cloudFormation = mockClient(CloudFormationClient);
export const cloudWatch = mockClient(CloudWatchClient);
export const dynamo = mockClient(DynamoDBClient);
export const lambda = mockClient(LambdaClient);
export const ses = mockClient(SESv2Client);
export const sqs = mockClient(SQSClient);

/** The status of the answer to /health. */
export const answers = { health: 200 };
/** Answers /health as the API does. */
let api: Server;
beforeAll(async () => {
  api = createServer((_, response) => response.writeHead(answers.health).end('{}'));
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => api.close(resolve)));

export const outputs = () => ({
  ApiUrl: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
  TableName: 'table',
  TransactionalQueueUrl: 'https://sqs/1/Transactional',
  BulkQueueUrl: 'https://sqs/1/Bulk',
  DeadLetterQueueUrl: 'https://sqs/1/Dead',
  ConfigurationSetName: 'set',
  SendFunctionName: 'send',
  ApiFunctionName: 'api',
  DkimRecord1: 'token1._domainkey.mail.example.com CNAME token1.dkim.amazonses.com',
});

const queue = 'arn:aws:sqs:eu-west-1:123456789012:Transactional';
export const aMapping = (more = {}) => ({
  UUID: 'transactional',
  FunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:send',
  EventSourceArn: queue,
  State: 'Enabled',
  ScalingConfig: { MaximumConcurrency: 10 },
  ...more,
});
/** Names another function of the stack, and a function of another stack. */
const otherMappings = ['webhook', 'of another stack'].map((UUID) =>
  aMapping({ UUID, FunctionArn: `arn:aws:lambda:eu-west-1:123456789012:function:${UUID}` }),
);
export const anAccount = (more = {}) => ({
  ProductionAccessEnabled: true,
  SendingEnabled: true,
  EnforcementStatus: 'HEALTHY',
  SendQuota: { Max24HourSend: 50_000, MaxSendRate: 14, SentLast24Hours: 1_200 },
  PricingAttributes: { CurrentPlan: 'NONE' as const },
  ...more,
});
export const anIdentity = (more = {}) => ({
  VerifiedForSendingStatus: true,
  DkimAttributes: { Status: 'SUCCESS' as const, SigningEnabled: true },
  ...more,
});
export const anAlarm = (more = {}) => ({
  AlarmName: 'dead-letters',
  StateValue: 'OK' as const,
  AlarmActions: ['topic'],
  ActionsEnabled: true,
  ...more,
});
const aResource = (ResourceType: string, PhysicalResourceId: string) => ({
  ResourceType,
  LogicalResourceId: 'Id',
  PhysicalResourceId,
  LastUpdatedTimestamp: new Date(0),
  ResourceStatus: 'CREATE_COMPLETE' as const,
});
/** The document with the state of sending; of a minute ago. */
export const sending = (more = {}) =>
  dynamo.on(GetItemCommand, { Key: { key: { S: 'sending' } } }).resolves({
    Item: marshall({
      key: 'sending',
      readAtMs: Date.now() - 60_000,
      ratePerSecond: 14,
      max24Hours: 50_000,
      sent24Hours: 1_200,
      ...more,
    }),
  });
export const theStack = (StackStatus: 'UPDATE_COMPLETE' | 'UPDATE_ROLLBACK_COMPLETE') => ({
  Stacks: [
    {
      StackName: 'Sendoff',
      CreationTime: new Date(0),
      StackStatus,
      Outputs: Object.entries(outputs()).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
    },
  ],
});

/** Each test begins with a deployment without a problem. */
beforeEach(() => {
  answers.health = 200;
  for (const mock of [cloudFormation, cloudWatch, dynamo, lambda, ses, sqs]) mock.reset();
  cloudFormation.on(DescribeStacksCommand).resolves(theStack('UPDATE_COMPLETE'));
  cloudFormation.on(GetTemplateSummaryCommand).resolves({});
  cloudFormation.on(ListStackResourcesCommand).resolves({
    StackResourceSummaries: [
      aResource('AWS::CloudWatch::Alarm', 'dead-letters'),
      aResource('AWS::Lambda::EventSourceMapping', 'transactional'),
      aResource('AWS::Lambda::EventSourceMapping', 'webhook'),
    ],
  });
  cloudWatch.on(DescribeAlarmsCommand, { AlarmNames: ['dead-letters'] }).resolves({ MetricAlarms: [anAlarm()] });
  dynamo.on(QueryCommand).resolves({ Items: [] });
  sending();
  lambda.on(ListEventSourceMappingsCommand).resolves({ EventSourceMappings: [aMapping(), ...otherMappings] });
  lambda.on(GetFunctionConfigurationCommand, { FunctionName: 'send' }).resolves({ MemorySize: 512 });
  lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 1_000 } });
  ses.on(GetAccountCommand).resolves(anAccount());
  ses.on(GetConfigurationSetCommand).resolves({ SendingOptions: { SendingEnabled: true } });
  ses.on(ListEmailIdentitiesCommand).resolves({ EmailIdentities: [] });
  ses.on(GetEmailIdentityCommand).resolves(anIdentity());
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { ApproximateNumberOfMessages: '0' } });
});

export const doctor = (...args: string[]) => cli(['doctor', '--region', 'eu-west-1', ...args]);

/** The findings that are not ok, and the exit code. */
export async function complaints(...args: string[]): Promise<{ exitCode: number; findings: Finding[] }> {
  const { exitCode, out } = await doctor('--json', ...args);
  return { exitCode, findings: JSON.parse(out).filter(({ level }: Finding) => level !== 'ok') };
}

/** The deployed template records these options. */
export function deployedWith(options: object): void {
  const Metadata = JSON.stringify({ Sendoff: { Options: options } });
  cloudFormation.on(GetTemplateSummaryCommand).resolves({ Metadata });
}

/** A stack of this package whose API function keeps emails for so many days. */
export function keptFor(days: string, template: object = {}): void {
  cloudFormation.on(GetTemplateSummaryCommand).resolves({ Description: STACK_DESCRIPTION, ...template });
  const Environment = { Variables: { RETENTION_DAYS: days } };
  lambda.on(GetFunctionConfigurationCommand, { FunctionName: 'api' }).resolves({ Environment });
}

/** One email of two hours ago. */
export function oldEmail(status: string): void {
  const createdAtMs = Date.now() - 2 * 3_600_000;
  const sort = timeSort(createdAtMs, 'id');
  dynamo
    .on(QueryCommand)
    .resolves({ Items: [] })
    .on(QueryCommand, { ExpressionAttributeValues: { ':partition': { S: 'email#0' } } })
    .resolves({ Items: [{ key: { S: 'email#id' }, listSort: { S: sort } }] });
  dynamo.on(BatchGetItemCommand).resolves({
    Responses: {
      table: [
        { key: { S: 'email#id' }, id: { S: 'id' }, status: { S: status }, createdAtMs: { N: String(createdAtMs) } },
      ],
    },
  });
}

/** Jobs on the transactional queue. */
export function waiting(ApproximateNumberOfMessages: string): void {
  sqs
    .on(GetQueueAttributesCommand, { QueueUrl: 'https://sqs/1/Transactional' })
    .resolves({ Attributes: { ApproximateNumberOfMessages } });
}
