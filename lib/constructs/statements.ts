import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Stack } from 'aws-cdk-lib/core';
import type { IndexName } from '../../functions/core/ports/table.ts';
import type { QueueName } from '../../functions/core/queues.ts';
import type { ByQueue } from '../queues.ts';
import type { BodyBucket } from './body-bucket.ts';
import type { DocumentTable } from './document-table.ts';
import type { SesSending } from './ses-sending.ts';
import type { WorkQueue } from './work-queue.ts';

/** The resources that functions get permissions on with `backend: 'aws'`. */
export interface Resources {
  readonly table: DocumentTable;
  readonly bodyBucket: BodyBucket;
  /** The queues of the deployment. */
  readonly queues: ByQueue<WorkQueue>;
  readonly sesSending: SesSending;
}

/** Kinds of documents, with the pattern of their keys and of their partitions in the indexes. */
const kinds = {
  email: 'email#*',
  body: 'body#*',
  suppression: 'suppression#*',
  webhook: 'webhook#*',
  webhookList: 'webhook-list',
  delivery: 'webhook-event#*',
  unsubscribeKey: 'unsubscribe#*',
  schedule: 'schedule#*',
  template: 'template#*',
  templateAlias: 'template-alias#*',
  templateVersion: 'template-version#*',
  sending: 'sending',
  slots: 'slots#*',
  contact: 'contact#*',
  member: 'member#*',
  /** A partition of an index: the members of a segment. */
  segmentMembers: 'segment-members#*',
  /** A partition of an index: the segments of a contact. */
  contactSegments: 'segments-of#*',
  segment: 'segment#*',
  segmentCount: 'segment-count#*',
  topic: 'topic#*',
  contactProperty: 'contact-property#*',
  contactImport: 'contact-import#*',
  broadcast: 'broadcast#*',
  broadcastContent: 'broadcast-content#*',
  broadcastChunk: 'broadcast-chunk#*',
  /** A partition of an index: the chunks of a broadcast that are not done. */
  openChunks: 'broadcast-open#*',
  broadcastCount: 'broadcast-count#*',
  broadcastLink: 'broadcast-link#*',
  run: 'run#*',
  runKey: 'run-key#*',
  /** Groups of runs, and their shards. */
  runGroup: 'run-group*',
  runPermits: 'run-permits#*',
  /** The arguments, results and steps of runs. */
  runBody: 'body#run/*',
  /** The rates of tasks. */
  taskSlots: 'slots#task:*',
  clock: 'clock#*',
  /** Partitions of the indexes: the runs that are due, and the clocks. */
  dueRuns: 'runs#*',
  clocks: 'clocks#*',
} as const;
export type Kind = keyof typeof kinds;

/** Actions on documents of these kinds only. */
export function onDocuments(resources: Resources, of: readonly Kind[], ...actions: string[]): PolicyStatement {
  return restrictedTo(of, onTable(resources, ...actions));
}

/** Queries on these indexes, for documents of these kinds only. */
export function onIndexesOf(resources: Resources, of: readonly Kind[], ...indexes: IndexName[]): PolicyStatement {
  return restrictedTo(of, onIndexes(resources, ...indexes));
}

/**
 * `dynamodb:LeadingKeys` holds the partition keys of the items, in a query those of the index. `ForAllValues` is also true when
 * there are none, hence the condition `Null`.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
function restrictedTo(of: readonly Kind[], statement: PolicyStatement): PolicyStatement {
  statement.addCondition('ForAllValues:StringLike', { 'dynamodb:LeadingKeys': of.map((kind) => kinds[kind]) });
  statement.addCondition('Null', { 'dynamodb:LeadingKeys': 'false' });
  return statement;
}

/** Actions on documents of every kind. */
export function onTable({ table }: Resources, ...actions: string[]): PolicyStatement {
  return allow('dynamodb', actions, [table.tableArn]);
}

/** Queries on these indexes, for documents of every kind. */
export function onIndexes({ table }: Resources, ...indexes: IndexName[]): PolicyStatement {
  return allow(
    'dynamodb',
    ['Query'],
    indexes.map((index) => `${table.tableArn}/index/${index}`),
  );
}

/** Queueing jobs, on those of these queues that the deployment has. */
export function onQueues({ queues }: Resources, names: readonly QueueName[]): PolicyStatement {
  return allow(
    'sqs',
    ['SendMessage'],
    names.flatMap((name) => queues[name]?.queueArn ?? []),
  );
}

/** Counting the jobs of queues. */
export function onQueueDepths({ queues }: Resources, names: readonly QueueName[]): PolicyStatement {
  return allow(
    'sqs',
    ['GetQueueAttributes'],
    names.flatMap((name) => queues[name]?.queueArn ?? []),
  );
}

/** Actions on these queues. */
export function onTheseQueues(queues: readonly IQueue[], ...actions: string[]): PolicyStatement {
  return allow(
    'sqs',
    actions,
    queues.map(({ queueArn }) => queueArn),
  );
}

/** Reading the numbers of CloudWatch. This action takes no resources. */
export function readMetrics(): PolicyStatement {
  return allow('cloudwatch', ['GetMetricData'], ['*']);
}

/** Actions on the objects of the bucket. */
export function onBodies({ bodyBucket }: Resources, ...actions: string[]): PolicyStatement {
  return allow('s3', actions, [bodyBucket.arnForObjects('*')]);
}

/** Actions on the objects of the bucket that belong to runs. */
export function onRunBodies({ bodyBucket }: Resources, ...actions: string[]): PolicyStatement {
  return allow('s3', actions, [bodyBucket.arnForObjects('body#run/*')]);
}

/** Setting how long messages that the function has received stay invisible. */
export function onVisibility({ queues }: Resources, names: readonly QueueName[]): PolicyStatement {
  return allow(
    'sqs',
    ['ChangeMessageVisibility'],
    names.flatMap((name) => queues[name]?.queueArn ?? []),
  );
}

/** Without ListBucket, S3 answers a read of a missing object with AccessDenied instead of NoSuchKey. */
export function onBodyBucket({ bodyBucket }: Resources): PolicyStatement {
  return allow('s3', ['ListBucket'], [bodyBucket.bucketArn]);
}

/**
 * Sending through the configuration set. SES checks the sender's identity too; identities can be verified after the
 * deployment, so the statement allows all of this account and region.
 */
export function sendThroughSes({ sesSending }: Pick<Resources, 'sesSending'>): PolicyStatement {
  const arn = (resource: string, resourceName: string) =>
    Stack.of(sesSending).formatArn({ service: 'ses', resource, resourceName });
  return allow(
    'ses',
    ['SendRawEmail'],
    [arn('identity', '*'), arn('configuration-set', sesSending.configurationSet.configurationSetName)],
  );
}

/** Reading which identities SES knows, and whether they are verified. These actions take no resources. */
export function readSesIdentities(): PolicyStatement {
  const attributes = [
    'GetIdentityVerificationAttributes',
    'GetIdentityDkimAttributes',
    'GetIdentityMailFromDomainAttributes',
  ];
  return allow('ses', ['ListIdentities', ...attributes], ['*']);
}

/** Reading the sending rate and the quotas of the account. This action takes no resources. */
export function readSesQuota(): PolicyStatement {
  return allow('ses', ['GetSendQuota'], ['*']);
}

/** Invoking these functions. */
export function invoke(...targets: IFunction[]): PolicyStatement {
  return allow(
    'lambda',
    ['InvokeFunction'],
    targets.map((target) => target.functionArn),
  );
}

function allow(service: string, actions: readonly string[], resources: string[]): PolicyStatement {
  return new PolicyStatement({ actions: actions.map((action) => `${service}:${action}`), resources });
}
