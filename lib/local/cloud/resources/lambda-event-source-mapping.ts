import { startEventSource } from '../lambda/event-source.ts';
import type { CreateResource } from '../stack.ts';
import { findFunction, type ResourceContext } from './context.ts';

type Properties = {
  EventSourceArn: string;
  FunctionName: string;
  BatchSize?: number;
  Enabled?: boolean;
  MaximumBatchingWindowInSeconds?: number;
  ScalingConfig?: { MaximumConcurrency?: number };
  FunctionResponseTypes?: string[];
  FilterCriteria?: unknown;
};

const neededActions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
const defaultConcurrency = 10;

/** AWS::Lambda::EventSourceMapping from an SQS queue. Refused, as on AWS, when the function's role may not read the queue. */
export function lambdaEventSourceMapping(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const wanted = properties as Properties;
    const queue = context.fauxqs.sqsStore.getQueueByArn(wanted.EventSourceArn);
    if (!queue)
      throw new Error(`${wanted.EventSourceArn} is no queue of this template: only SQS event sources run locally`);
    if (wanted.FilterCriteria) throw new Error('An event source with FilterCriteria does not run locally');
    const target = findFunction(context, wanted.FunctionName);
    for (const action of neededActions) {
      if (context.iam.check(target.logicalId, { action, resources: [queue.arn] }).allowed) continue;
      throw new Error(`The provided execution role does not have permissions to call ${action} on ${queue.arn}`);
    }
    const local = context.overrides.visibilityTimeoutSeconds;
    if (local !== undefined) {
      const template = queue.attributes.VisibilityTimeout ?? '';
      context.log({ kind: 'override', logicalId, property: 'VisibilityTimeout', template, local: String(local) });
    }
    if (wanted.Enabled === false) return { ref: logicalId, attributes: { Id: logicalId } };
    const source = startEventSource({
      queueArn: queue.arn,
      queueUrl: queue.url,
      region: context.region,
      target,
      batchSize: Number(wanted.BatchSize ?? 10),
      maximumBatchingWindowSeconds: Number(wanted.MaximumBatchingWindowInSeconds ?? 0),
      maximumConcurrency: Number(wanted.ScalingConfig?.MaximumConcurrency ?? defaultConcurrency),
      reportBatchItemFailures: wanted.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
      visibilityTimeoutSeconds: local,
      pipeline: context.pipeline,
      cancelPolls: () => queue.cancelWaiters(),
      onSettled: context.host.onSettled,
    });
    context.eventSources.push(source);
    return { ref: logicalId, attributes: { Id: logicalId } };
  };
}
