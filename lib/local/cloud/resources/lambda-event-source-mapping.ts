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
    const { visibilityTimeoutSeconds, batchingWindowSeconds } = context.overrides;
    const window = Number(wanted.MaximumBatchingWindowInSeconds ?? 0);
    const isShorter = batchingWindowSeconds !== undefined && batchingWindowSeconds < window;
    logOverride(context, logicalId, 'VisibilityTimeout', queue.attributes.VisibilityTimeout, visibilityTimeoutSeconds);
    if (isShorter) logOverride(context, logicalId, 'MaximumBatchingWindowInSeconds', window, batchingWindowSeconds);
    if (wanted.Enabled === false) return { ref: logicalId, attributes: { Id: logicalId } };
    const source = startEventSource({
      queueArn: queue.arn,
      queueUrl: queue.url,
      region: context.region,
      target,
      batchSize: Number(wanted.BatchSize ?? 10),
      maximumBatchingWindowSeconds: isShorter ? batchingWindowSeconds : window,
      maximumConcurrency: Number(wanted.ScalingConfig?.MaximumConcurrency ?? defaultConcurrency),
      reportBatchItemFailures: wanted.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false,
      visibilityTimeoutSeconds,
      visibleAgainSeconds: () => visibilityTimeoutSeconds ?? Number(queue.attributes.VisibilityTimeout),
      pipeline: context.pipeline,
      cancelPolls: () => queue.cancelWaiters(),
      onSettled: context.host.onSettled,
    });
    context.eventSources.push(source);
    return { ref: logicalId, attributes: { Id: logicalId } };
  };
}

function logOverride({ log }: ResourceContext, logicalId: string, property: string, template: unknown, local?: number) {
  if (local !== undefined)
    log({ kind: 'override', logicalId, property, template: String(template), local: String(local) });
}
