import type { Deployment } from './deployment.ts';

/** A page of the console with real contents. */
export interface Place {
  readonly name: string;
  readonly route: (deployment: Deployment) => string;
  /** A text that stands there when the contents are loaded. */
  readonly shows: string | RegExp;
  /** A text in the frame, if it has one that belongs to the page. */
  readonly framed?: string;
}

const list = (name: string, shows: string | RegExp): Place => ({ name, route: () => name, shows });

/** Every page, and the record that it leads to. */
export const places: readonly Place[] = [
  list('now', /accepted/i),
  list('emails', 'dora@example.org'),
  {
    name: 'email',
    route: ({ emails }) => `emails/${emails.delivered}`,
    shows: 'Your order 1042 is on its way',
    framed: 'Thank you, Ada',
  },
  list('broadcasts', 'November'),
  { name: 'broadcast', route: ({ massMail }) => `broadcasts/${massMail.sent}`, shows: 'November' },
  list('audience', 'ada@example.org'),
  list('templates', 'Order confirmation'),
  {
    name: 'template',
    route: ({ massMail }) => `templates/${massMail.template}`,
    shows: 'Order confirmation',
    framed: 'Thank',
  },
  list('tasks', 'report.monthly'),
  { name: 'run', route: ({ operations }) => `tasks/runs/${operations.succeeded}`, shows: 'report.monthly' },
  list('queues', /transactional/i),
  list('suppressions', 'left@example.org'),
  list('webhooks', '/hooks'),
  { name: 'webhook', route: ({ operations }) => `webhooks/${operations.webhook}`, shows: '/hooks' },
  list('api-keys', 'Dashboard'),
  { ...list('inbox', 'Inbox'), framed: 'Your order 1042' },
];
