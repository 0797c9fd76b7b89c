import type { ComponentType } from 'preact';
import { session } from './api/session.ts';
import type { PageSearch } from './find-target.ts';
import { ApiKeys } from './pages/api-keys/index.tsx';
import { Audience } from './pages/audience/index.tsx';
import { Broadcasts } from './pages/broadcasts/index.tsx';
import { Emails } from './pages/emails/index.tsx';
import { Inbox } from './pages/inbox/index.tsx';
import { Now } from './pages/now/index.tsx';
import { Queues } from './pages/queues/index.tsx';
import { Suppressions } from './pages/suppressions/index.tsx';
import { Tasks } from './pages/tasks/index.tsx';
import { Templates } from './pages/templates/index.tsx';
import { Webhooks } from './pages/webhooks/index.tsx';
import { linkTo, type Route } from './router.ts';

/** A page of the console. It gets what follows its name in the address: `path` and `query` of the route. */
interface ConsolePage {
  /** First part of the route: `emails`. */
  readonly name: string;
  readonly title: string;
  /** Letter after `g` that goes there. */
  readonly key: string;
  readonly component: ComponentType<Route>;
  /** Its answer to the search field; by default the emails are searched. */
  readonly search?: PageSearch;
  /** Whether the deployment has it; read within a render. */
  readonly present?: () => boolean;
}

/** The pages in the order of the navigation. */
export const PAGES: readonly ConsolePage[] = [
  { name: 'now', title: 'Now', key: 'n', component: Now },
  { name: 'emails', title: 'Emails', key: 'e', component: Emails },
  { name: 'broadcasts', title: 'Broadcasts', key: 'b', component: Broadcasts },
  {
    name: 'audience',
    title: 'Audience',
    key: 'a',
    component: Audience,
    search: { address: (address) => linkTo('audience', 'contacts', address) },
  },
  { name: 'templates', title: 'Templates', key: 't', component: Templates },
  { name: 'tasks', title: 'Tasks', key: 'r', component: Tasks, present: () => session.value?.tasks ?? false },
  { name: 'queues', title: 'Queues', key: 'q', component: Queues },
  {
    name: 'suppressions',
    title: 'Suppressions',
    key: 's',
    component: Suppressions,
    search: { address: (q) => linkTo('suppressions', { q }) },
  },
  { name: 'webhooks', title: 'Webhooks', key: 'w', component: Webhooks },
  { name: 'api-keys', title: 'API keys', key: 'k', component: ApiKeys },
  { name: 'inbox', title: 'Inbox', key: 'i', component: Inbox, present: () => Boolean(session.value?.inbox) },
];
