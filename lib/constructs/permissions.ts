import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Stack } from 'aws-cdk-lib/core';
import type { IndexName, QueueName } from '../../functions/core/ports.ts';
import type { BodyBucket } from './body-bucket.ts';
import type { DocumentTable } from './document-table.ts';
import type { Outbound } from './outbound.ts';
import type { WorkQueue } from './work-queue.ts';

/** What the functions work on. */
export interface Resources {
  readonly table: DocumentTable;
  readonly bodyBucket: BodyBucket;
  readonly queues: Readonly<Record<QueueName, WorkQueue>>;
  readonly outbound: Outbound;
}

/** Accepting an email: its record, its body and its job, and taking the record back if one of them failed. */
export function acceptStatements(resources: Resources): PolicyStatement[] {
  return [onTable(resources, 'PutItem', 'DeleteItem'), onQueues(resources), onBodies(resources, 'PutObject')];
}

/** The API: accepting emails; reading, changing and listing them and the API keys. */
export function apiStatements(resources: Resources): PolicyStatement[] {
  return [
    onTable(resources, 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'),
    onIndexes(resources, 'list'),
    onQueues(resources),
    onBodies(resources, 'GetObject', 'PutObject'),
    onBodyBucket(resources),
  ];
}

/** The sender: claiming and finishing emails, reading their bodies, sending, retrying by a new job. */
export function sendStatements(resources: Resources): PolicyStatement[] {
  return [
    onTable(resources, 'GetItem', 'UpdateItem'),
    onQueues(resources),
    onBodies(resources, 'GetObject'),
    onBodyBucket(resources),
    sending(resources),
  ];
}

/** The schedule: finding what is due or was never claimed, handing it over, and noting how far it got. */
export function scheduleStatements(resources: Resources): PolicyStatement[] {
  return [
    onTable(resources, 'GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem'),
    onIndexes(resources, 'list', 'due'),
    onQueues(resources),
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

function onQueues({ queues }: Resources): PolicyStatement {
  return allow(
    'sqs',
    ['SendMessage'],
    Object.values(queues).map((queue) => queue.queueArn),
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
export function sending({ outbound }: Pick<Resources, 'outbound'>): PolicyStatement {
  const ses = (resource: string, resourceName: string) =>
    Stack.of(outbound).formatArn({ service: 'ses', resource, resourceName });
  return allow(
    'ses',
    ['SendRawEmail'],
    [ses('identity', '*'), ses('configuration-set', outbound.configurationSet.configurationSetName)],
  );
}

function allow(service: string, actions: readonly string[], resources: string[]): PolicyStatement {
  return new PolicyStatement({ actions: actions.map((action) => `${service}:${action}`), resources });
}
