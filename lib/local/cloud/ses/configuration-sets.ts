import { noConfigurationSet } from './api/ses-error.ts';
import { type EventType, parseEventType } from './events/event-types.ts';

/** A destination of a configuration set's events. Event types in any of AWS's spellings. */
export type EventDestination = { name: string; eventTypes: string[]; topicArn: string; enabled: boolean };

/** The configuration sets of the account with their SNS event destinations. */
export type ConfigurationSets = {
  put(name: string): void;
  /** Adds or replaces a destination; the set must exist. */
  putEventDestination(configurationSet: string, destination: EventDestination): void;
  /** Throws ConfigurationSetDoesNotExist for a name that was never put. */
  isSendingEnabled(name: string): boolean;
  setSendingEnabled(name: string, enabled: boolean): void;
  /** The destinations of a set; throws ConfigurationSetDoesNotExist. */
  destinations(name: string): EventDestination[];
  /** The topics that want this event of this set, disabled destinations left out. */
  topicsFor(name: string, type: EventType): string[];
};

/** Keeps configuration sets in memory. */
export function createConfigurationSets(): ConfigurationSets {
  const sets = new Map<string, Map<string, EventDestination & { parsedTypes: Set<EventType> }>>();
  const paused = new Set<string>();
  const existing = (name: string) => {
    const set = sets.get(name);
    if (!set) throw noConfigurationSet(name);
    return set;
  };
  return {
    put: (name) => {
      if (!sets.has(name)) sets.set(name, new Map());
    },
    putEventDestination: (name, destination) => {
      const parsedTypes = new Set(destination.eventTypes.map(parseEventType));
      existing(name).set(destination.name, { ...destination, parsedTypes });
    },
    isSendingEnabled: (name) => {
      existing(name);
      return !paused.has(name);
    },
    setSendingEnabled: (name, enabled) => {
      existing(name);
      if (enabled) paused.delete(name);
      else paused.add(name);
    },
    destinations: (name) => [...existing(name).values()],
    topicsFor: (name, type) =>
      [...(sets.get(name)?.values() ?? [])]
        .filter(({ enabled, parsedTypes }) => enabled && parsedTypes.has(type))
        .map(({ topicArn }) => topicArn),
  };
}
