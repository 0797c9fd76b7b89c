import type { CreateResource } from '../stack.ts';
import type { ResourceContext } from './context.ts';

type Properties = {
  TopicArn: string;
  Protocol: string;
  Endpoint: string;
  RawMessageDelivery?: boolean | string;
  FilterPolicy?: unknown;
  FilterPolicyScope?: string;
};

/** AWS::SNS::Subscription of a queue; other protocols (an operator's e-mail address) deliver nothing locally. */
export function snsSubscription(context: ResourceContext): CreateResource {
  return ({ logicalId, type, properties }) => {
    const { TopicArn, Protocol, Endpoint, RawMessageDelivery, FilterPolicy, FilterPolicyScope } =
      properties as Properties;
    if (Protocol !== 'sqs') {
      context.log({ kind: 'no-local-behaviour', logicalId, type: `${type} by ${Protocol}` });
      const arn = `${TopicArn}:${logicalId}`;
      return { ref: arn, attributes: { Arn: arn } };
    }
    const attributes: Record<string, string> = {};
    if (String(RawMessageDelivery) === 'true') attributes.RawMessageDelivery = 'true';
    if (FilterPolicy !== undefined) attributes.FilterPolicy = JSON.stringify(FilterPolicy);
    if (FilterPolicyScope !== undefined) attributes.FilterPolicyScope = FilterPolicyScope;
    const { snsStore } = context.fauxqs;
    // One from an earlier run may have other attributes, which fauxqs refuses to change.
    for (const old of snsStore.listSubscriptionsByTopic(TopicArn).subscriptions) {
      if (old.endpoint === Endpoint) snsStore.unsubscribe(old.arn);
    }
    const subscription = snsStore.subscribe(TopicArn, Protocol, Endpoint, attributes);
    if (!subscription) throw new Error(`${TopicArn} is no topic of this template`);
    return { ref: subscription.arn, attributes: { Arn: subscription.arn } };
  };
}
