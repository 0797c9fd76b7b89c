import { subscriptions, visibilities } from '../../core/audience/topic.ts';
import { id, input, list, object, operation, orNull, paging, request, text, time } from '../openapi/parts.ts';
import { changeTopicSchema, createTopicSchema, setTopicsSchema } from './schema.ts';

const reference = object({ object: { const: 'topic' }, id: text });
const subscription = { enum: [...subscriptions] };
const topic = object({
  object: { const: 'topic' },
  id: text,
  name: text,
  description: orNull(text),
  default_subscription: subscription,
  visibility: { enum: [...visibilities] },
  created_at: time,
});
const choice = object({ id: text, subscription });
const contact = {
  name: 'contact',
  in: 'path',
  required: true,
  description: 'The id or the email address',
  schema: text,
};

/** The paths under `/topics`, and the topics of a contact. */
export function topicPaths() {
  const topics = { type: 'array', items: choice };
  const setTopics = input(setTopicsSchema);
  return {
    '/topics': {
      post: operation(
        'createTopic',
        'Create a topic that contacts can subscribe to',
        reference,
        request(input(createTopicSchema), { name: 'Offers', default_subscription: 'opt_in', visibility: 'public' }),
        '201',
      ),
      get: operation('listTopics', 'List topics, newest first; all of them without parameters', list(topic), {
        parameters: paging.map(({ schema, ...parameter }) => ({ ...parameter, schema: withoutDefault(schema) })),
      }),
    },
    '/topics/{id}': {
      parameters: [id],
      get: operation('getTopic', 'One topic', topic),
      patch: operation(
        'changeTopic',
        'Change the name, description or visibility of a topic',
        reference,
        request(input(changeTopicSchema), { name: 'Offers of the week' }),
      ),
      delete: operation('deleteTopic', 'Delete a topic', {
        ...object({ ...reference.properties, deleted: { const: true } }),
      }),
    },
    '/contacts/{contact}/topics': {
      parameters: [contact],
      get: operation(
        'listContactTopics',
        'All topics with what the contact chose, or the default',
        list(object({ id: text, name: text, description: orNull(text), subscription })),
        { parameters: paging },
      ),
      patch: operation(
        'setContactTopics',
        'Set what the contact chose for these topics',
        object({ object: { const: 'contact_topics' }, id: text, contact_id: text, topics }),
        {
          ...request({ anyOf: [setTopics, (setTopics.properties as Record<string, unknown>).topics] }, { topics: [] }),
          errors: [409],
        },
      ),
    },
  };
}

function withoutDefault({ default: _, ...schema }: Record<string, unknown>): Record<string, unknown> {
  return schema;
}
