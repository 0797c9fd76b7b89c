import { type Context, Hono } from 'hono';
import {
  chooseTopics,
  standingOf,
  subscribeAgain,
  type UnsubscribeDependencies,
  unsubscribe,
} from '../../core/audience/unsubscribe.ts';
import { createUnsubscribeKey, openToken, type Unsubscription } from '../../core/suppression/unsubscribe-link.ts';
import { type Action, actions, unsubscribePage } from './page.ts';
import { respond } from './view.ts';

const NOT_VALID = { title: 'This link is not valid', content: '' };

/**
 * `GET /unsubscribe/{token}` shows a page and changes nothing, because mail scanners follow links. `POST` unsubscribes: the mail
 * program's own button sends it (RFC 8058), and so do the buttons of the page, which name what they change.
 */
export function unsubscribeRoutes(dependencies: UnsubscribeDependencies): Hono {
  const { table } = dependencies;
  const routes = new Hono();
  const unsubscribeKey = createUnsubscribeKey(table);
  const opened = async (context: Context) => openToken(await unsubscribeKey(), context.req.param('token') ?? '');
  const show = async (context: Context, unsubscription: Unsubscription, changed: boolean) =>
    respond(context, 200, unsubscribePage(unsubscription, await standingOf(table, unsubscription), changed));

  routes.get('/:token', async (context) => {
    const unsubscription = await opened(context);
    return unsubscription ? show(context, unsubscription, false) : respond(context, 404, NOT_VALID);
  });

  routes.post('/:token', async (context) => {
    const unsubscription = await opened(context);
    if (!unsubscription) return respond(context, 404, NOT_VALID);
    const form = await readForm(context);
    const action = form.action.length === 0 ? 'stop' : actions.find((known) => known === form.action[0]);
    if (action) await apply(dependencies, unsubscription, action, form);
    // No redirect: RFC 8058 section 3.1 forbids it.
    return show(context, unsubscription, action !== undefined);
  });
  return routes;
}

function apply(
  dependencies: UnsubscribeDependencies,
  unsubscription: Unsubscription,
  action: Action,
  { topic, shown }: Form,
): Promise<void> {
  switch (action) {
    case 'stop':
      return unsubscribe(dependencies, unsubscription, 'topic');
    case 'stop-everything':
      return unsubscribe(dependencies, unsubscription, 'everything');
    case 'subscribe':
      return subscribeAgain(dependencies, unsubscription, 'topic');
    case 'subscribe-everything':
      return subscribeAgain(dependencies, unsubscription, 'everything');
    case 'choose':
      return chooseTopics(dependencies, unsubscription, { shown: new Set(shown), wanted: new Set(topic) });
  }
}

/** The texts of the form's fields. */
interface Form {
  readonly action: readonly string[];
  readonly topic: readonly string[];
  readonly shown: readonly string[];
}

/** A body that cannot be read has no fields: what a mail program sends unsubscribes in any case. */
async function readForm(context: Context): Promise<Form> {
  const fields = await context.req.parseBody({ all: true }).catch(() => ({}) as Record<string, unknown>);
  const texts = (name: string) => [fields[name]].flat().filter((value) => typeof value === 'string');
  return { action: texts('action'), topic: texts('topic'), shown: texts('shown') };
}
