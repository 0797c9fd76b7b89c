import { choiceOf, type Topic, type TopicChoices } from '../../core/audience/topic.ts';
import { iso } from '../../core/iso-time.ts';

/** A topic: Resend's fields. */
export function topicView(topic: Topic) {
  return {
    object: 'topic',
    id: topic.id,
    name: topic.name,
    description: topic.description ?? null,
    default_subscription: topic.defaultSubscription,
    visibility: topic.visibility,
    created_at: iso(topic.createdAtMs),
  };
}

/** A topic with what a contact chose for it, or with the topic's default. */
export function contactTopicView(topic: Topic, contact: { readonly topics: TopicChoices }) {
  const { id, name, description = null } = topic;
  return { id, name, description, subscription: choiceOf(contact, topic) };
}
