import type { CreateResource } from '../stack.ts';
import type { ResourceContext } from './context.ts';

type Properties = {
  ConfigurationSetName: string;
  EventDestination: {
    Name?: string;
    Enabled?: boolean;
    MatchingEventTypes: string[];
    SnsDestination?: { TopicARN: string };
  };
};

/** AWS::SES::ConfigurationSetEventDestination to an SNS topic. */
export function sesEventDestination(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const { ConfigurationSetName, EventDestination } = properties as Properties;
    const topicArn = EventDestination.SnsDestination?.TopicARN;
    if (!topicArn) throw new Error('Only event destinations with an SNS topic run locally');
    const { Name: name = logicalId, MatchingEventTypes: eventTypes, Enabled: enabled = true } = EventDestination;
    context.ses.putEventDestination(ConfigurationSetName, { name, eventTypes, topicArn, enabled });
    return { ref: logicalId, attributes: { Id: logicalId } };
  };
}
