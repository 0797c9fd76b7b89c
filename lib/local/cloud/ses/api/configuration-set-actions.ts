import { memberList } from './member-list.ts';
import type { SesAction } from './ses-action.ts';
import { missingParameter } from './ses-error.ts';

/** DescribeConfigurationSet: the name, and the event destinations and whether it sends when asked for. */
export const describeConfigurationSet: SesAction = (params, { configurationSets }) => {
  const name = params.get('ConfigurationSetName');
  if (!name) throw missingParameter('configurationSetName');
  const destinations = configurationSets.destinations(name);
  const wants = (attribute: string) => memberList(params, 'ConfigurationSetAttributeNames').includes(attribute);
  return {
    ConfigurationSet: { Name: name },
    EventDestinations: wants('eventDestinations')
      ? destinations.map(({ name: destination, enabled, eventTypes, topicArn }) => ({
          Name: destination,
          Enabled: enabled,
          MatchingEventTypes: eventTypes,
          SNSDestination: { TopicARN: topicArn },
        }))
      : undefined,
    ReputationOptions: wants('reputationOptions')
      ? { SendingEnabled: configurationSets.isSendingEnabled(name) }
      : undefined,
  };
};

/** UpdateConfigurationSetSendingEnabled: pauses sending with this configuration set, or ends that. */
export const updateConfigurationSetSendingEnabled: SesAction = (params, { configurationSets }) => {
  const name = params.get('ConfigurationSetName');
  if (!name) throw missingParameter('configurationSetName');
  configurationSets.setSendingEnabled(name, params.get('Enabled') === 'true');
  return {};
};
