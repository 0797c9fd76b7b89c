import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';

/** AWS::SNS::Topic on fauxqs. */
export function snsTopic(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const name =
      typeof properties.TopicName === 'string' ? properties.TopicName : physicalName(context, logicalId, 250);
    const { arn } = context.fauxqs.snsStore.createTopic(name, {}, {}, context.region);
    return { ref: arn, attributes: { TopicArn: arn, TopicName: name } };
  };
}
