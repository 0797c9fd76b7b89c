import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { type CfnElement, Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import type { IndexName } from '../../functions/core/ports/table.ts';
import type { QueueName } from '../../functions/core/queues.ts';
import { acknowledge } from './acknowledge.ts';
import type { BodyBucket } from './body-bucket.ts';
import type { DocumentTable } from './document-table.ts';
import type { SesSending } from './ses-sending.ts';
import type { WorkQueue } from './work-queue.ts';

/** What the functions work on. */
export interface Resources {
  readonly table: DocumentTable;
  readonly bodyBucket: BodyBucket;
  readonly queues: Readonly<Record<QueueName, WorkQueue>>;
  readonly sesSending: SesSending;
}

/**
 * Kinds of documents, by what their keys and their partitions in the indexes begin with. A function is confined to those it works
 * on: API keys are for the API alone. A kind that a function takes up belongs into its statements below.
 */
const kinds = {
  email: 'email#*',
  body: 'body#*',
  suppression: 'suppression#*',
  webhook: 'webhook#*',
  webhookList: 'webhook-list',
  delivery: 'webhook-event#*',
  unsubscribeKey: 'unsubscribe#*',
  schedule: 'schedule#*',
} as const;
type Kind = keyof typeof kinds;

/**
 * Accepting an email: its record, its body and its job, and taking the record back if one of them failed. Reading records is
 * for a repeated request under an idempotency key whose `scheduled_at` has passed since.
 */
export function acceptStatements(resources: Resources): PolicyStatement[] {
  return [
    onDocuments(resources, ['email'], 'GetItem'),
    onDocuments(resources, ['email', 'body'], 'PutItem', 'DeleteItem'),
    onQueues(resources, 'transactional', 'bulk'),
    onBodies(resources, 'PutObject'),
  ];
}

/** The API: accepting emails; reading, changing and listing documents of every kind. */
export function apiStatements(resources: Resources): PolicyStatement[] {
  return [
    onTable(resources, 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'),
    onIndexes(resources, 'list'),
    onQueues(resources, 'transactional', 'bulk', 'webhook', 'webhook-slow'),
    onBodies(resources, 'GetObject', 'PutObject'),
    onBodyBucket(resources),
  ];
}

/** Reading which domains SES knows, and where they stand. These actions have no resources that could be named. */
export function readingSenders(): PolicyStatement {
  return allow('ses', ['ListIdentities', 'GetIdentityVerificationAttributes', 'GetIdentityDkimAttributes'], ['*']);
}

/** Says, for the `*` of `readingSenders`, why it is there. */
export function acknowledgeReadingSenders(scope: IConstruct): void {
  acknowledge(scope, { 'IAM5[Resource::*]': 'SES: its actions that read identities have no resources.' });
}

/** The sender: claiming and finishing emails, looking for suppressed recipients, sending, retrying, telling webhooks. */
export function sendStatements(resources: Resources): PolicyStatement[] {
  return [
    onDocuments(
      resources,
      ['body', 'suppression', 'webhook', 'webhookList', 'unsubscribeKey'],
      'GetItem',
      'BatchGetItem',
    ),
    onDocuments(resources, ['email'], 'UpdateItem'),
    // When there is none yet.
    onDocuments(resources, ['unsubscribeKey'], 'PutItem'),
    onIndexesOf(resources, ['webhook'], 'list'),
    onQueues(resources, 'transactional', 'bulk', 'webhook', 'webhook-slow'),
    onBodies(resources, 'GetObject'),
    onBodyBucket(resources),
    sending(resources),
  ];
}

/** The feedback: noting what SES reports, suppressing addresses, telling webhooks. */
export function feedbackStatements(resources: Resources): PolicyStatement[] {
  return [
    onDocuments(resources, ['email', 'suppression', 'webhook', 'webhookList'], 'BatchGetItem'),
    onDocuments(resources, ['email', 'suppression'], 'UpdateItem'),
    onDocuments(resources, ['suppression'], 'PutItem'),
    onIndexesOf(resources, ['webhook'], 'list'),
    onQueues(resources, 'webhook', 'webhook-slow'),
  ];
}

/** The webhooks: reading whom to tell what, keeping how it went, trying again. */
export function webhookStatements(resources: Resources): PolicyStatement[] {
  return [
    onDocuments(resources, ['email', 'body', 'webhook', 'delivery'], 'GetItem', 'BatchGetItem'),
    onDocuments(resources, ['webhook', 'delivery'], 'UpdateItem'),
    onDocuments(resources, ['delivery'], 'PutItem'),
    onQueues(resources, 'webhook', 'webhook-slow'),
    onBodies(resources, 'GetObject'),
    onBodyBucket(resources),
  ];
}

/** The schedule: finding what is due or was never claimed, handing it over, and noting how far it got. */
export function scheduleStatements(resources: Resources): PolicyStatement[] {
  return [
    onDocuments(resources, ['email', 'schedule'], 'GetItem', 'BatchGetItem', 'UpdateItem'),
    onDocuments(resources, ['schedule'], 'PutItem'),
    onIndexesOf(resources, ['email'], 'list', 'due'),
    onQueues(resources, 'transactional', 'bulk'),
  ];
}

/** Starting functions. */
export function invoking(...targets: IFunction[]): PolicyStatement {
  return allow(
    'lambda',
    ['InvokeFunction'],
    targets.map((target) => target.functionArn),
  );
}

/** Says, for the `*` in the resources of `sending`, why it is there. */
export function acknowledgeSenders(scope: IConstruct): void {
  acknowledge(scope, {
    'IAM5[Resource::arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:identity/*]':
      'Senders are verified with SES after the deployment as well as before it.',
  });
}

/** Says, for the `*` in the resources of reading and writing bodies, why it is there. */
export function acknowledgeBodies(scope: IConstruct, { bodyBucket }: Pick<Resources, 'bodyBucket'>): void {
  const bucketId = Stack.of(scope).getLogicalId(bodyBucket.node.defaultChild as CfnElement);
  acknowledge(scope, {
    [`IAM5[Resource::<${bucketId}.Arn>/*]`]: 'The objects of one bucket, whose keys are the ids of emails.',
  });
}

/** Documents of these kinds alone. */
function onDocuments(resources: Resources, of: readonly Kind[], ...actions: string[]): PolicyStatement {
  return confined(onTable(resources, ...actions), of);
}

/** The entries of these kinds alone. */
function onIndexesOf(resources: Resources, of: readonly Kind[], ...indexes: IndexName[]): PolicyStatement {
  return confined(onIndexes(resources, ...indexes), of);
}

/**
 * `dynamodb:LeadingKeys` are the partition keys of the items, of a query on an index those of the index; `ForAllValues` also holds
 * when there are none, hence `Null`.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
function confined(statement: PolicyStatement, of: readonly Kind[]): PolicyStatement {
  statement.addCondition('ForAllValues:StringLike', { 'dynamodb:LeadingKeys': of.map((kind) => kinds[kind]) });
  statement.addCondition('Null', { 'dynamodb:LeadingKeys': 'false' });
  return statement;
}

function onTable({ table }: Resources, ...actions: string[]): PolicyStatement {
  return allow('dynamodb', actions, [table.tableArn]);
}

function onIndexes({ table }: Resources, ...indexes: IndexName[]): PolicyStatement {
  return allow(
    'dynamodb',
    ['Query'],
    indexes.map((index) => `${table.tableArn}/index/${index}`),
  );
}

function onQueues({ queues }: Resources, ...names: QueueName[]): PolicyStatement {
  return allow(
    'sqs',
    ['SendMessage'],
    names.map((name) => queues[name].queueArn),
  );
}

function onBodies({ bodyBucket }: Resources, ...actions: string[]): PolicyStatement {
  return allow('s3', actions, [bodyBucket.arnForObjects('*')]);
}

/** To a reader who may not list the bucket, S3 says of an object that is gone AccessDenied instead of NoSuchKey. */
function onBodyBucket({ bodyBucket }: Resources): PolicyStatement {
  return allow('s3', ['ListBucket'], [bodyBucket.bucketArn]);
}

/**
 * SES checks the sender's identity and the configuration set. Which of the account's identities a caller may use is
 * settled when the identity is verified, which can be after the deployment: hence all of this account in this region.
 */
export function sending({ sesSending }: Pick<Resources, 'sesSending'>): PolicyStatement {
  const ses = (resource: string, resourceName: string) =>
    Stack.of(sesSending).formatArn({ service: 'ses', resource, resourceName });
  return allow(
    'ses',
    ['SendRawEmail'],
    [ses('identity', '*'), ses('configuration-set', sesSending.configurationSet.configurationSetName)],
  );
}

function allow(service: string, actions: readonly string[], resources: string[]): PolicyStatement {
  return new PolicyStatement({ actions: actions.map((action) => `${service}:${action}`), resources });
}
