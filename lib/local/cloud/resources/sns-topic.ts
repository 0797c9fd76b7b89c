import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';

type Properties = { TopicName?: string; FifoTopic?: boolean; ContentBasedDeduplication?: boolean };

/** AWS::SNS::Topic on fauxqs. */
export function snsTopic(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const { TopicName, FifoTopic = false, ContentBasedDeduplication = false } = properties as Properties;
    const name = TopicName ?? `${physicalName(context, logicalId, 250)}${FifoTopic ? '.fifo' : ''}`;
    const deduplicates = { ContentBasedDeduplication: String(ContentBasedDeduplication) };
    const attributes: Record<string, string> = FifoTopic ? { FifoTopic: 'true', ...deduplicates } : {};
    const { arn } = context.fauxqs.snsStore.createTopic(name, attributes, {}, context.region);
    return { ref: arn, attributes: { TopicArn: arn, TopicName: name } };
  };
}
