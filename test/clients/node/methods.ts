import { readFileSync } from 'node:fs';
import { Resend } from 'resend';
import { marketingCalls, missingFields } from './marketing.ts';

/**
 * Calls every method of the vendor's client for Node: it works, or it is refused with the one message that names
 * Sendoff. An answer must have the fields of `marketing.ts`. Prints a case a method, and at the end how many work and which do
 * not, by group.
 */
const { SENDOFF_URL = '', SENDOFF_API_KEY = '', SENDOFF_HOOK_URL = '' } = process.env;
const resend = new Resend(SENDOFF_API_KEY, { baseUrl: SENDOFF_URL });

type Answer =
  | { readonly error: { readonly name: string; readonly message: string } | null }
  | { readonly type: string };
type Call = () => PromiseLike<Answer> | Answer;

const email = {
  from: 'shop@example.com',
  to: 'success+methods@simulator.amazonses.com',
  subject: 'methods',
  text: 'Hello',
};
const template = {
  name: 'Welcome',
  alias: 'welcome',
  html: '<p>{{{NAME}}}</p>',
  variables: [{ key: 'NAME', type: 'string' as const, fallbackValue: 'you' }],
};
const attachments = [{ filename: 'a.txt', content: Buffer.from('a') }];
const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();

const idOf = (answer: { data: { id: string } | null; error: unknown }): string => {
  if (!answer.data) throw new Error(JSON.stringify(answer.error));
  return answer.data.id;
};
const endpoint = { endpoint: SENDOFF_HOOK_URL, events: ['email.delivered' as const] };
const { data: hook, error } = await resend.webhooks.create(endpoint);
if (!hook) throw new Error(JSON.stringify(error));
const id = idOf(await resend.emails.send({ ...email, attachments }));
const later = idOf(await resend.emails.send({ ...email, scheduledAt }));
const key = idOf(await resend.apiKeys.create({ name: 'methods' }));
const arrived = await (await fetch(`${SENDOFF_HOOK_URL}/${id}`)).json();
const { payload, ...headers } = arrived as Record<'id' | 'timestamp' | 'signature' | 'payload', string>;
const webhookId = hook.id;
const firstOf = (list: { data: { data: { id: string }[] } | null }) => list.data?.data[0]?.id ?? 'none';
// The event can be looked up a moment after the endpoint has answered.
let eventId = 'none';
for (const endMs = Date.now() + 20_000; eventId === 'none' && Date.now() < endMs; )
  eventId = firstOf(await resend.webhooks.events.list({ webhookId }));
const attachmentId = firstOf(await resend.emails.attachments.list({ emailId: id }));
const domainId = firstOf(await resend.domains.list());

/** What this version has, in an order in which each call finds what it needs. */
const present: Readonly<Record<string, Call>> = {
  'emails.send': () => resend.emails.send(email),
  'emails.create': () => resend.emails.create(email),
  'emails.get': () => resend.emails.get(id),
  'emails.list': () => resend.emails.list(),
  'emails.update': () => resend.emails.update({ id: later, scheduledAt }),
  'emails.cancel': () => resend.emails.cancel(later),
  'emails.attachments.list': () => resend.emails.attachments.list({ emailId: id }),
  'emails.attachments.get': () => resend.emails.attachments.get({ emailId: id, id: attachmentId }),
  'batch.send': () => resend.batch.send([email]),
  'batch.create': () => resend.batch.create([email]),
  'apiKeys.create': () => resend.apiKeys.create({ name: 'another' }),
  'apiKeys.list': () => resend.apiKeys.list(),
  'apiKeys.update': () => resend.apiKeys.update(key, { name: 'renamed' }),
  'apiKeys.remove': () => resend.apiKeys.remove(key),
  'domains.list': () => resend.domains.list(),
  'domains.get': () => resend.domains.get(domainId),
  'suppressions.add': () => resend.suppressions.add({ email: 'a@example.com' }),
  'suppressions.list': () => resend.suppressions.list(),
  'suppressions.get': () => resend.suppressions.get('a@example.com'),
  'suppressions.remove': () => resend.suppressions.remove('a@example.com'),
  'suppressions.batch.add': () => resend.suppressions.batch.add({ emails: ['b@example.com'] }),
  'suppressions.batch.remove': () => resend.suppressions.batch.remove({ emails: ['b@example.com'] }),
  ...marketingCalls(resend),
  'templates.create': () => resend.templates.create(template),
  'templates.list': () => resend.templates.list(),
  'templates.get': () => resend.templates.get('welcome'),
  'templates.update': () => resend.templates.update('welcome', { name: 'Welcome!' }),
  'templates.publish': () => resend.templates.publish('welcome'),
  'templates.duplicate': () => resend.templates.duplicate('welcome').publish(),
  'templates.remove': () => resend.templates.remove('welcome'),
  'webhooks.create': () => resend.webhooks.create(endpoint),
  'webhooks.list': () => resend.webhooks.list(),
  'webhooks.get': () => resend.webhooks.get(webhookId),
  'webhooks.verify': () => resend.webhooks.verify({ payload, headers, webhookSecret: hook.signing_secret }),
  'webhooks.events.list': () => resend.webhooks.events.list({ webhookId }),
  'webhooks.events.get': () => resend.webhooks.events.get({ webhookId, eventId }),
  'webhooks.events.replay': () => resend.webhooks.events.replay({ webhookId, eventId }),
  'webhooks.events.attempts.list': () => resend.webhooks.events.attempts.list({ webhookId, eventId }),
  'webhooks.update': () => resend.webhooks.update(webhookId, { events: ['email.bounced'] }),
  'webhooks.rotateSigningSecret': () => resend.webhooks.rotateSigningSecret(webhookId),
  'webhooks.remove': () => resend.webhooks.remove(webhookId),
};

const declarations = readFileSync(new URL('./index.d.mts', import.meta.resolve('resend')), 'utf8');
const isPrivate = new Set([...declarations.matchAll(/^ {2}private (\w+);/gm)].map(([, name]) => name));

/** Each method's name from the client on, with the object it is called on. */
function* methodsOf(parent: object, prefix = ''): Generator<[name: string, call: (...args: unknown[]) => unknown]> {
  for (const [name, group] of Object.entries(parent)) {
    if (typeof group !== 'object' || group === null || group instanceof Resend || group instanceof Headers) continue;
    const prototype = Object.getPrototypeOf(group);
    if (prototype === Object.prototype) continue;
    for (const method of Object.getOwnPropertyNames(prototype))
      if (method !== 'constructor' && !isPrivate.has(method))
        yield [`${prefix}${name}.${method}`, (...args) => prototype[method].apply(group, args)];
    yield* methodsOf(group, `${prefix}${name}.`);
  }
}

const UUID = '00000000-0000-4000-8000-000000000000';
const ids = [
  'id',
  'emailId',
  'contactId',
  'segmentId',
  'automationId',
  'runId',
  'inboxId',
  'threadId',
  'draftId',
  'labelId',
];
/**
 * An id where the method wants one, and an object with all that others want: only the path of the request matters. Its
 * ids are lists of one, which in a path read the same, because some methods join them.
 */
const anything = Object.assign(
  Object.create({ toString: () => UUID }),
  Object.fromEntries(ids.map((name) => [name, [UUID]])),
  {
    ...email,
    steps: [],
    connections: [],
    name: 'a',
    email: 'a@example.com',
    event: 'a',
    topics: [],
    labels: [],
    file: new Blob(['email\na@example.com']),
  },
);

async function answerOf(name: string, call: (...args: unknown[]) => unknown): Promise<string> {
  try {
    const answer = (await (present[name] ?? (() => call(anything, anything)))()) as Answer;
    if (!('error' in answer) || answer.error === null) {
      const missing = missingFields(name, 'data' in answer ? answer.data : undefined);
      return missing.length === 0 ? 'works' : `the answer has no ${missing.join(', ')}`;
    }
    return /Sendoff/.test(answer.error.message) ? 'refused' : `${answer.error.name}: ${answer.error.message}`;
  } catch (error) {
    return String(error);
  }
}

const order = Object.keys(present);
const methods = [...methodsOf(resend)].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
const refused: Record<string, string[]> = {};
let working = 0;
for (const [name, call] of methods) {
  const answer = await answerOf(name, call);
  const ok = answer === (name in present ? 'works' : 'refused');
  console.log(JSON.stringify({ case: name, ok, ...(ok ? {} : { error: answer }) }));
  if (answer === 'works') working++;
  else {
    const dot = name.lastIndexOf('.');
    const group = name.slice(0, dot);
    refused[group] = [...(refused[group] ?? []), name.slice(dot + 1)];
  }
}
const groups = Object.entries(refused).map(([group, names]) => `${group} (${names.join(', ')})`);
console.log(`# ${working} of ${methods.length} methods work; refused by group: ${groups.join('; ') || 'none'}`);
