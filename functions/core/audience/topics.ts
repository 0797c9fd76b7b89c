import { findById } from '../document/find-by-id.ts';
import { documentPages } from '../document/pages.ts';
import { timeSort } from '../document/time-sort.ts';
import { invalid, notFound } from '../errors.ts';
import { eventIdOf } from '../event.ts';
import { isId } from '../ids.ts';
import type { Table } from '../ports/table.ts';
import type { Publish } from '../webhook/dispatch.ts';
import type { Contact } from './contact.ts';
import { rewriteContact } from './contacts.ts';
import {
  TOPIC_PARTITION,
  type Topic,
  type TopicChoice,
  type TopicChoices,
  topicEvent,
  topicKey,
  topicLimits,
} from './topic.ts';

export { subscribes } from './topic.ts';

export interface TopicDependencies {
  readonly table: Table;
  readonly publish: Publish;
  readonly now: () => number;
}

/** The fields of a topic that can be changed; null removes the description. */
export interface TopicChange {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly visibility?: Topic['visibility'] | undefined;
}

/** All topics, newest first. */
export async function listTopics(table: Table): Promise<Topic[]> {
  const query = { index: 'list', partition: TOPIC_PARTITION, limit: topicLimits.topics, order: 'descending' } as const;
  const topics: Topic[] = [];
  for await (const page of documentPages<Topic>(table, query)) topics.push(...page);
  return topics;
}

/** The topic with this id; 404 if there is none. */
export const findTopic = (table: Table, id: string): Promise<Topic> => findById<Topic>(table, id, topicKey, 'Topic');

/** Creates a topic; answers its id. Publishes first: after a crash in between there is an event too many, never one too few. */
export async function createTopic(
  { description, ...fields }: Pick<Topic, 'name' | 'defaultSubscription' | 'visibility'> & TopicChange,
  { table, publish, now, newId }: TopicDependencies & { readonly newId: () => string },
): Promise<string> {
  const [id, nowMs] = [newId(), now()];
  const limit = topicLimits.topics;
  const known = await table.query({ index: 'list', partition: TOPIC_PARTITION, limit, order: 'descending' });
  if (known.length >= limit) throw invalid(`There are ${limit} topics, which is the most.`, 'validation_error');
  const about = description ? { description } : {};
  const topic: Topic = { id, ...fields, ...about, createdAtMs: nowMs, updatedAtMs: nowMs };
  await publish([topicEvent('topic.created', topic)]);
  await table.insert({
    key: topicKey(id),
    fields: topic,
    list: { partition: TOPIC_PARTITION, sort: timeSort(nowMs, id) },
  });
  return id;
}

/** Changes a topic; 404 if there is none. What it says of contacts that chose nothing stays for ever. */
export async function changeTopic(
  id: string,
  { name, description, visibility }: TopicChange,
  { table, publish, now }: TopicDependencies,
): Promise<void> {
  const topic = await findTopic(table, id);
  const { description: before, ...rest } = topic;
  const about = description === undefined ? before : description;
  const changed: Topic = {
    ...rest,
    ...(name === undefined ? {} : { name }),
    ...(visibility === undefined ? {} : { visibility }),
    ...(about ? { description: about } : {}),
    updatedAtMs: Math.max(now(), topic.updatedAtMs + 1),
  };
  await publish([topicEvent('topic.updated', changed)]);
  const { applied } = await table.update(topicKey(id), { set: changed, remove: about ? [] : ['description'] });
  if (!applied) throw notFound('Topic');
}

/** Deletes a topic; 404 if there is none. The choices that contacts made for it have no effect any more. */
export async function deleteTopic(id: string, { table, publish, now }: TopicDependencies): Promise<void> {
  const topic = await findTopic(table, id);
  await publish([topicEvent('topic.deleted', { ...topic, updatedAtMs: Math.max(now(), topic.updatedAtMs + 1) })]);
  await table.delete(topicKey(id));
}

/**
 * Checks that the topics exist and answers the choices by topic id; 422 that names one that does not. The last choice for a topic
 * counts.
 */
export async function checkTopics(table: Table, choices: readonly TopicChoice[]): Promise<TopicChoices> {
  const found = await table.getMany<Topic>(choices.map(({ id }) => topicKey(isId(id) ? id : '')));
  const missing = choices.findIndex((_, index) => !found[index]);
  if (missing >= 0)
    throw invalid(`Invalid \`topics.${missing}.id\` field: there is no topic with this id.`, 'validation_error');
  return Object.fromEntries(choices.map(({ id, subscription }) => [id, subscription]));
}

/**
 * Changes what an existing contact chose; topics that are not named stay as they are. Publishes `contact.topics.updated` if anything
 * changes. 422 for a topic that does not exist, 404 if the contact was deleted.
 */
export async function setTopics(
  dependencies: TopicDependencies,
  contact: Contact,
  choices: readonly TopicChoice[],
): Promise<void> {
  const topics = await checkTopics(dependencies.table, choices);
  const changes = Object.entries(topics).filter(([id, subscription]) => contact.topics[id] !== subscription);
  let announced = false;
  await rewriteContact(dependencies, contact, { topics }, async (_after, nowMs) => {
    // The event comes first and once: a repetition after a crash has the same id.
    if (!announced) await dependencies.publish([choiceEvent(contact, Object.fromEntries(changes), nowMs)]);
    announced = true;
  });
}

function choiceEvent({ id, email, createdAtMs, revision }: Contact, choices: TopicChoices, atMs: number) {
  const topics = Object.entries(choices).map(([topicId, subscription]) => ({ id: topicId, subscription }));
  const eventId = eventIdOf('contact.topics.updated', id, `${createdAtMs}.${revision}`, JSON.stringify(topics));
  return { type: 'contact.topics.updated', eventId, atMs, subject: { email, topics } } as const;
}
