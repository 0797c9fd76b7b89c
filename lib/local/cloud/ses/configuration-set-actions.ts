import { memberList } from './member-list.ts';
import type { SesAction } from './ses-action.ts';
import { missingParameter } from './ses-error.ts';

/** DescribeConfigurationSet: the name, and the event destinations when asked for. */
export const describeConfigurationSet: SesAction = (params, { configurationSets }) => {
  const name = params.get('ConfigurationSetName');
  if (!name) throw missingParameter('configurationSetName');
  const destinations = configurationSets.destinations(name);
  const wantsDestinations = memberList(params, 'ConfigurationSetAttributeNames').includes('eventDestinations');
  return {
    ConfigurationSet: { Name: name },
    EventDestinations: wantsDestinations
      ? destinations.map(({ name: destination, enabled, eventTypes, topicArn }) => ({
          Name: destination,
          Enabled: enabled,
          MatchingEventTypes: eventTypes,
          SNSDestination: { TopicARN: topicArn },
        }))
      : undefined,
  };
};
