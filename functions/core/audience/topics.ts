import type { Table } from '../ports/table.ts';
import type { Publish } from '../webhook/dispatch.ts';
import type { Topic, TopicChoice, TopicChoices } from './topic.ts';

export { subscribes } from './topic.ts';

export interface TopicDependencies {
  readonly table: Table;
  readonly publish: Publish;
  readonly now: () => number;
}

/** A contact with its choices; `Contact` is one. */
export type Chooser = {
  readonly id: string;
  readonly email: string;
  readonly topics?: TopicChoices;
  readonly updatedAtMs: number;
};

/** All topics, newest first. */
export declare function listTopics(table: Table): Promise<Topic[]>;

/** The topic with this id; 404 if there is none. */
export declare function findTopic(table: Table, id: string): Promise<Topic>;

/** Checks that the topics exist and answers the choices by topic id; 422 that names one that does not. */
export declare function checkTopics(table: Table, choices: readonly TopicChoice[]): Promise<TopicChoices>;

/**
 * Changes what an existing contact chose; topics that are not named stay as they are. Publishes `contact.topics.updated` if anything
 * changes. 422 for a topic that does not exist, 404 if the contact was deleted.
 */
export declare function setTopics(
  dependencies: TopicDependencies,
  contact: Chooser,
  choices: readonly TopicChoice[],
): Promise<void>;
