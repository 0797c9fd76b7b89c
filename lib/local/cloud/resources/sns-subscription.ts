import type { CreateResource } from '../stack.ts';
import { findFunction, type ResourceContext } from './context.ts';

type Properties = {
  TopicArn: string;
  Protocol: string;
  Endpoint: string;
  RawMessageDelivery?: boolean | string;
  FilterPolicy?: unknown;
  FilterPolicyScope?: string;
};

/** AWS::SNS::Subscription of a queue or a function; other protocols (an operator's e-mail address) deliver nothing locally. */
export function snsSubscription(context: ResourceContext): CreateResource {
  return ({ logicalId, type, properties }) => {
    const wanted = properties as Properties;
    const { TopicArn, Protocol, Endpoint } = wanted;
    if (Protocol !== 'sqs' && Protocol !== 'lambda') {
      context.log({ kind: 'no-local-behaviour', logicalId, type: `${type} by ${Protocol}` });
      const arn = `${TopicArn}:${logicalId}`;
      return { ref: arn, attributes: { Arn: arn } };
    }
    const queueArn = Protocol === 'sqs' ? Endpoint : queueOfFunction(context, logicalId, wanted);
    const { snsStore } = context.fauxqs;
    // A subscription of an earlier run may have other attributes, and fauxqs does not change them.
    for (const old of snsStore.listSubscriptionsByTopic(TopicArn).subscriptions) {
      if (old.endpoint === queueArn) snsStore.unsubscribe(old.arn);
    }
    const subscription = snsStore.subscribe(TopicArn, 'sqs', queueArn, attributesOf(wanted));
    if (!subscription) throw new Error(`${TopicArn} is no topic of this template`);
    return { ref: subscription.arn, attributes: { Arn: subscription.arn } };
  };
}

function attributesOf({ RawMessageDelivery, FilterPolicy, FilterPolicyScope }: Properties): Record<string, string> {
  return {
    ...(String(RawMessageDelivery) === 'true' ? { RawMessageDelivery: 'true' } : {}),
    ...(FilterPolicy === undefined ? {} : { FilterPolicy: JSON.stringify(FilterPolicy) }),
    ...(FilterPolicyScope === undefined ? {} : { FilterPolicyScope }),
  };
}

/** fauxqs delivers to queues alone: a function gets one that hands each message over at once. */
function queueOfFunction(context: ResourceContext, logicalId: string, { TopicArn, Endpoint }: Properties): string {
  const target = findFunction(context, Endpoint);
  const name = `sns-to-${logicalId}`.slice(0, 80);
  const arn = `arn:aws:sqs:${context.region}:${context.accountId}:${name}`;
  const { sqsStore } = context.fauxqs;
  const queue = sqsStore.getQueueByArn(arn) ?? sqsStore.createQueue(name, `${context.awsEndpoint}/${name}`, arn);
  queue.enqueue = ({ body }) => target.runAsync(snsEvent(TopicArn, logicalId, body));
  return arn;
}

function snsEvent(topicArn: string, logicalId: string, envelope: string): string {
  const EventSubscriptionArn = `${topicArn}:${logicalId}`;
  const Sns = { Subject: null, MessageAttributes: {}, ...(JSON.parse(envelope) as object) };
  return JSON.stringify({ Records: [{ EventSource: 'aws:sns', EventVersion: '1.0', EventSubscriptionArn, Sns }] });
}
