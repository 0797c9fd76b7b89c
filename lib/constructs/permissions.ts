/**
 * The permissions of each function with `backend: 'aws'`. A function may only touch the kinds of documents it works on:
 * API keys are for the API alone. When a function starts to use another kind or action, add it to its statements here.
 */
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { type CfnElement, Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { deployedQueueNames, queueNames } from '../../functions/core/queues.ts';
import { queuesOf } from '../queues.ts';
import { acknowledge } from './acknowledge.ts';
import {
  type Kind,
  onBodies,
  onBodyBucket,
  onDocuments,
  onIndexes,
  onIndexesOf,
  onQueueDepths,
  onQueues,
  onRunBodies,
  onTable,
  onTheseQueues,
  onVisibility,
  type Resources,
  readMetrics,
  readSesQuota,
  sendThroughSes,
} from './statements.ts';

/**
 * Accepting an email: write its record, its body and its job; delete the record if one of the writes failed. Reading records
 * is for a repeated request under an idempotency key whose `scheduled_at` has passed since.
 */
export function acceptStatements(resources: Resources): PolicyStatement[] {
  return [
    onDocuments(resources, ['email', 'template', 'templateAlias', 'topic'], 'GetItem'),
    onDocuments(resources, ['email', 'body'], 'PutItem'),
    onDocuments(resources, ['email'], 'DeleteItem'),
    onDocuments(resources, ['body'], 'BatchWriteItem'),
    onQueues(resources, queuesOf('send')),
    onBodies(resources, 'PutObject'),
  ];
}

/**
 * Calling a task by `.delay()`, beside what accepting an email needs: write the run, its key and its job, delete the run if one of the
 * writes failed; add members to a group. The arguments are bodies, as those of emails.
 */
export function acceptRunsStatements(resources: Resources): PolicyStatement[] {
  return [
    onDocuments(resources, ['runGroup'], 'GetItem'),
    onDocuments(resources, ['run', 'runKey', 'runGroup'], 'PutItem'),
    onDocuments(resources, ['run'], 'DeleteItem'),
    onDocuments(resources, ['runKey', 'runGroup'], 'UpdateItem'),
    onQueues(resources, queuesOf('run-tasks')),
  ];
}

/**
 * The function that runs the user's tasks: claim and end runs, keep steps, results and what limits share; call other tasks and send
 * emails; tell the senders that an event is to be published. The user's code may do the same, so it can read no email, no contact and
 * no secret of an endpoint.
 */
export function runTasksStatements(resources: Resources): PolicyStatement[] {
  return [
    ...acceptStatements(resources),
    ...acceptRunsStatements(resources),
    onDocuments(resources, ['run', 'runBody'], 'GetItem'),
    onDocuments(resources, ['webhookList'], 'BatchGetItem'),
    onDocuments(resources, ['run', 'runPermits', 'taskSlots'], 'UpdateItem'),
    onDocuments(resources, ['runPermits', 'taskSlots'], 'PutItem'),
    onVisibility(resources, queuesOf('run-tasks')),
    onRunBodies(resources, 'GetObject'),
    onBodyBucket(resources),
  ];
}

/** The API: accept emails; read, change and list documents of every kind. */
export function apiStatements(resources: Resources): PolicyStatement[] {
  return [
    onTable(resources, 'GetItem', 'BatchGetItem', 'PutItem', 'BatchWriteItem', 'UpdateItem', 'DeleteItem'),
    onIndexes(resources, 'list', 'due'),
    onQueues(resources, deployedQueueNames(true)),
    onQueueDepths(resources, deployedQueueNames(true)),
    onBodies(resources, 'GetObject', 'PutObject'),
    onBodyBucket(resources),
  ];
}

/**
 * Allows the API what operators do, beside what its backend grants: read the numbers over time, count the events of SES that wait, look
 * at the dead letters, and put them back or delete them.
 */
export function operateStatements({
  feedbackQueue,
  deadLetterQueue,
}: {
  readonly feedbackQueue: IQueue;
  readonly deadLetterQueue: IQueue;
}): PolicyStatement[] {
  return [
    readMetrics(),
    onTheseQueues([feedbackQueue, deadLetterQueue], 'GetQueueAttributes'),
    onTheseQueues([feedbackQueue], 'SendMessage'),
    onTheseQueues([deadLetterQueue], 'ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility'),
  ];
}

/** The documents of the audience and of broadcasts that the send function reads: recipients, their consent, and content. */
const readForBroadcasts: readonly Kind[] = [
  'contact',
  'segment',
  'topic',
  'contactProperty',
  'broadcast',
  'broadcastContent',
  'broadcastChunk',
  'broadcastCount',
];
/** The documents that it changes there: broadcasts and their parts; contacts and members of imports; the rest of a large deletion. */
const changedForBroadcasts: readonly Kind[] = [
  'broadcast',
  'broadcastContent',
  'broadcastChunk',
  'broadcastCount',
  'broadcastLink',
];
const changedByImports: readonly Kind[] = ['contact', 'segmentCount', 'contactImport'];

/**
 * The send function: take turns of the sending rate, claim and finish emails, look up suppressed recipients, send, retry, publish
 * events to webhooks; make and deliver the chunks of broadcasts and count their emails again; import contacts, delete the members of
 * a segment.
 */
export function sendStatements(resources: Resources): PolicyStatement[] {
  return [
    onDocuments(
      resources,
      [
        ...(['body', 'suppression', 'webhook', 'webhookList', 'unsubscribeKey', 'sending', 'templateVersion'] as const),
        ...(['email', 'contactImport'] as const),
        ...readForBroadcasts,
      ],
      'GetItem',
      'BatchGetItem',
    ),
    onDocuments(resources, ['email', 'sending', 'slots', ...changedForBroadcasts, ...changedByImports], 'UpdateItem'),
    // The first unsubscribe link creates its key, the first email `sending` and `slots`. The emails of a broadcast are created here.
    onDocuments(
      resources,
      [
        ...(['unsubscribeKey', 'sending', 'slots', 'email'] as const),
        ...(['broadcastChunk', 'broadcastCount', 'broadcastLink', 'contact', 'member', 'segmentCount'] as const),
      ],
      'PutItem',
    ),
    // The body is the file of an import, which names contacts and is deleted with its last row.
    onDocuments(resources, ['member', 'segment', 'segmentCount', 'body'], 'DeleteItem'),
    onIndexesOf(resources, ['webhook', 'segmentMembers', 'contactProperty', 'broadcastLink'], 'list'),
    onIndexesOf(resources, ['contactSegments', 'openChunks'], 'due'),
    onQueues(resources, queueNames),
    onBodies(resources, 'GetObject', 'DeleteObject'),
    onBodyBucket(resources),
    sendThroughSes(resources),
    readSesQuota(),
  ];
}

/**
 * The feedback function: record what SES reports, also of a broadcast's email whose record is missing, count it for the broadcast,
 * suppress addresses, publish events to webhooks.
 */
export function feedbackStatements(resources: Resources): PolicyStatement[] {
  return [
    onDocuments(resources, ['email', 'suppression', 'webhook', 'webhookList', 'broadcastCount'], 'BatchGetItem'),
    onDocuments(resources, ['email', 'suppression', 'broadcastCount', 'broadcastLink'], 'UpdateItem'),
    onDocuments(resources, ['email', 'suppression', 'broadcastCount', 'broadcastLink'], 'PutItem'),
    onIndexesOf(resources, ['webhook', 'broadcastLink'], 'list'),
    onQueues(resources, queuesOf('webhook')),
  ];
}

/** The webhook function: read endpoints and emails, record deliveries, retry. */
export function webhookStatements(resources: Resources): PolicyStatement[] {
  return [
    onDocuments(resources, ['email', 'body', 'webhook', 'delivery'], 'GetItem', 'BatchGetItem'),
    onDocuments(resources, ['webhook', 'delivery'], 'UpdateItem'),
    onDocuments(resources, ['delivery'], 'PutItem'),
    onQueues(resources, queuesOf('webhook')),
    onBodies(resources, 'GetObject'),
    onBodyBucket(resources),
  ];
}

/**
 * The schedule function: find emails and broadcasts that are due, and emails that were never claimed; queue them, record its progress
 * and SES's quotas.
 */
export function scheduleStatements(resources: Resources): PolicyStatement[] {
  return [
    onDocuments(resources, ['email', 'broadcast', 'schedule', 'sending'], 'BatchGetItem', 'UpdateItem'),
    onDocuments(resources, ['sending'], 'GetItem'),
    onDocuments(resources, ['schedule', 'sending'], 'PutItem'),
    onIndexesOf(resources, ['email'], 'list'),
    onIndexesOf(resources, ['email', 'broadcast'], 'due'),
    onQueues(resources, queuesOf('send')),
    onQueueDepths(resources, queuesOf('send')),
    readSesQuota(),
  ];
}

/** The schedule function with the option `tasks`: queue runs that are due, keep the clocks, and make the runs of their ticks. */
export function scheduleRunsStatements(resources: Resources): PolicyStatement[] {
  return [
    onDocuments(resources, ['run', 'clock'], 'BatchGetItem', 'UpdateItem', 'PutItem'),
    // To cancel the run of a tick whose clock was paused meanwhile.
    onDocuments(resources, ['run'], 'GetItem'),
    onDocuments(resources, ['clock'], 'DeleteItem'),
    onIndexesOf(resources, ['clocks'], 'list'),
    onIndexesOf(resources, ['dueRuns', 'clocks'], 'due'),
    onQueues(resources, queuesOf('run-tasks')),
  ];
}

/** Gives cdk-nag the reason for the `*` of `readSesQuota`. */
export function acknowledgeReadSesQuota(...functions: readonly IFunction[]): void {
  for (const { role } of functions)
    if (role) acknowledge(role, { 'IAM5[Resource::*]': 'SES: its action that reads the quotas has no resources.' });
}

/** Gives cdk-nag the reason for the `*` of `readSesIdentities` and of `readMetrics`. */
export function acknowledgeApiReads(scope: IConstruct): void {
  const reason = 'SES: its actions that read identities have no resources; CloudWatch: neither has GetMetricData.';
  acknowledge(scope, { 'IAM5[Resource::*]': reason });
}

/** Gives cdk-nag the reason for the `*` of `sendThroughSes`. */
export function acknowledgeSendThroughSes(scope: IConstruct): void {
  acknowledge(scope, {
    'IAM5[Resource::arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:identity/*]':
      'Senders are verified with SES after the deployment as well as before it.',
  });
}

/** Gives cdk-nag the reason for the `*` of `onBodies`. */
export function acknowledgeBodies(scope: IConstruct, { bodyBucket }: Pick<Resources, 'bodyBucket'>): void {
  const bucketId = Stack.of(scope).getLogicalId(bodyBucket.node.defaultChild as CfnElement);
  acknowledge(scope, {
    [`IAM5[Resource::<${bucketId}.Arn>/*]`]: 'The objects of one bucket, whose keys are the ids of emails.',
    [`IAM5[Resource::<${bucketId}.Arn>/body#run/*]`]: 'The objects of one bucket that belong to runs of tasks.',
  });
}
