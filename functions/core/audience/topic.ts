import { eventIdOf, type WebhookEvent } from '../event.ts';
import { iso } from '../iso-time.ts';
import type { Document } from '../ports/table.ts';

export const subscriptions = ['opt_in', 'opt_out'] as const;
/** The choice of a contact for a topic, or the default for contacts that chose nothing. */
export type Subscription = (typeof subscriptions)[number];

export const visibilities = ['public', 'private'] as const;
/** A topic is shown on the page where contacts choose to everybody, or only to those who subscribe to it. */
export type Visibility = (typeof visibilities)[number];

/** A subject that contacts subscribe to. Times are epoch ms. */
export type Topic = {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  /** For contacts that chose nothing. */
  readonly defaultSubscription: Subscription;
  readonly visibility: Visibility;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

/** The choices of a contact: topic ids and what it chose. */
export type TopicChoices = { readonly [topicId: string]: Subscription };

/** One choice, as the API has it. */
export type TopicChoice = { readonly id: string; readonly subscription: Subscription };

export const TOPIC_PARTITION = 'topic';
export const topicKey = (id: string): string => `topic#${id}`;

export const topicLimits = {
  nameLength: 50,
  descriptionLength: 200,
  /** The page of an unsubscribe link shows all public ones, and the choices of a contact are in one document. */
  topics: 200,
} as const;

/** True if the contact wants emails of the topic; `unsubscribed` contacts want none. */
export function subscribes(
  contact: { readonly unsubscribed: boolean; readonly topics?: TopicChoices },
  topic: Pick<Topic, 'id' | 'defaultSubscription'>,
): boolean {
  return !contact.unsubscribed && choiceOf(contact, topic) === 'opt_in';
}

/** The choice of a contact for a topic, or the topic's default. */
export const choiceOf = (
  { topics = {} }: { readonly topics?: TopicChoices },
  { id, defaultSubscription }: Pick<Topic, 'id' | 'defaultSubscription'>,
): Subscription => (Object.hasOwn(topics, id) ? topics[id] : undefined) ?? defaultSubscription;

/** An event of a topic's life. The same change of the same topic always has the same id. */
export function topicEvent(type: 'topic.created' | 'topic.updated' | 'topic.deleted', topic: Topic): WebhookEvent {
  const eventId = eventIdOf(type, topic.id, String(topic.updatedAtMs));
  const subject = {
    id: topic.id,
    name: topic.name,
    description: topic.description ?? null,
    default_subscription: topic.defaultSubscription,
    deleted: type === 'topic.deleted',
    created_at: iso(topic.createdAtMs),
    updated_at: iso(topic.updatedAtMs),
  } satisfies Document;
  return { type, eventId, atMs: topic.updatedAtMs, subject };
}
