import { Hono } from 'hono';
import { TOPIC_PARTITION, type Topic, topicKey } from '../../core/audience/topic.ts';
import {
  changeTopic,
  createTopic,
  deleteTopic,
  findTopic,
  listTopics,
  type TopicDependencies,
} from '../../core/audience/topics.ts';
import { listPage, type Page, type PageRequest } from '../../core/document/list.ts';
import { validate } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import { changeTopicSchema, createTopicSchema } from './schema.ts';
import { topicView } from './view.ts';

const FIELDS = Object.keys(createTopicSchema.def.shape);

/** The routes under `/topics`. */
export function topicRoutes(dependencies: TopicDependencies & { readonly newId: () => string }): Hono<Caller> {
  const { table } = dependencies;
  const routes = new Hono<Caller>();

  routes.post('/', async (context) => {
    const { value } = await readJson(context);
    const { name, default_subscription, description, visibility } = validate(createTopicSchema, value, FIELDS);
    const made = { name, description, defaultSubscription: default_subscription, visibility: visibility ?? 'private' };
    return context.json(reference(await createTopic(made, dependencies)), 201);
  });

  routes.get('/', async (context) => {
    const { items, hasMore } = await pageOf(context.req.query());
    return context.json({ object: 'list', has_more: hasMore, data: items.map(topicView) });
  });

  /** All topics without a limit: the official client cannot page through them. */
  async function pageOf(page: PageRequest): Promise<Page<Topic>> {
    if (page.limit === undefined && page.after === undefined && page.before === undefined)
      return { items: await listTopics(table), hasMore: false };
    return listPage<Topic>(table, TOPIC_PARTITION, topicKey, page);
  }

  routes.get('/:id', async (context) => context.json(topicView(await findTopic(table, context.req.param('id')))));

  routes.patch('/:id', async (context) => {
    const { value } = await readJson(context);
    const { name, description, visibility } = validate(changeTopicSchema, value, FIELDS);
    const id = context.req.param('id');
    await changeTopic(id, { name, description, visibility: visibility ?? undefined }, dependencies);
    return context.json(reference(id));
  });

  routes.delete('/:id', async (context) => {
    const id = context.req.param('id');
    await deleteTopic(id, dependencies);
    return context.json({ ...reference(id), deleted: true });
  });
  return routes;
}

const reference = (id: string) => ({ object: 'topic', id });
