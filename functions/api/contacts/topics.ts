import type { Hono } from 'hono';
import type { Contact } from '../../core/audience/contact.ts';
import { existingContact } from '../../core/audience/contacts.ts';
import type { TopicChoice } from '../../core/audience/topic.ts';
import { listTopics, setTopics, type TopicDependencies } from '../../core/audience/topics.ts';
import { pageOf } from '../../core/document/list.ts';
import { validate } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import { setTopicsSchema } from '../topics/schema.ts';
import { contactTopicView } from '../topics/view.ts';

/**
 * Adds the topics of a contact to the routes under `/contacts`: `GET` and `PATCH /{contact}/topics`, by id or address. Before a route
 * that takes everything below `/contacts`.
 */
export function addContactTopics(routes: Hono<Caller>, dependencies: TopicDependencies): void {
  const { table } = dependencies;
  // An address may have a slash, which some gateways decode.
  const path = '/:contact{.+}/topics';

  routes.get(path, async (context) => {
    const [contact, topics] = await Promise.all([
      existingContact(table, context.req.param('contact')),
      listTopics(table),
    ]);
    const { items, hasMore } = pageOf(topics, ({ id }) => id, context.req.query());
    return context.json({
      object: 'list',
      has_more: hasMore,
      data: items.map((topic) => contactTopicView(topic, contact)),
    });
  });

  routes.patch(path, async (context) => {
    const { value } = await readJson(context);
    const { topics } = validate(setTopicsSchema, Array.isArray(value) ? { topics: value } : value, ['topics']);
    const contact = await existingContact(table, context.req.param('contact'));
    await setTopics(dependencies, contact, topics);
    return context.json(contactTopics(contact, topics));
  });
}

/** The union of what the official client and the OpenAPI document describe. */
const contactTopics = ({ id }: Contact, topics: readonly TopicChoice[]) => ({
  object: 'contact_topics',
  id,
  contact_id: id,
  topics,
});
