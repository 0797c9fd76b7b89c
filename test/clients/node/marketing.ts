import type { Resend } from 'resend';

type Answer = { readonly data: unknown; readonly error: { readonly name: string; readonly message: string } | null };
type Call = () => Promise<Answer>;

const broadcast = {
  from: 'Shop <shop@example.com>',
  subject: 'Hello {{{FIRST_NAME|there}}}',
  html: '<p>Hello {{{contact.first_name|there}}}</p><a href="{{{RESEND_UNSUBSCRIBE_URL}}}">Unsubscribe</a>',
  name: 'Methods',
};
const contact = { email: 'methods@example.com', firstName: 'Ada' };

/** The methods of contacts, segments, topics, properties and broadcasts, in an order in which each call finds what it needs. */
export function marketingCalls(resend: Resend): Readonly<Record<string, Call>> {
  const ids: Record<string, string> = {};
  const made = (name: string, answer: { data: { id: string } | null; error: Answer['error'] }) => {
    ids[name] = answer.data?.id ?? 'none';
    return answer;
  };
  const id = (name: string) => ids[name] ?? 'none';
  const opted = () => [{ id: id('topic'), subscription: 'opt_in' as const }];
  return {
    'segments.create': async () => made('segment', await resend.segments.create({ name: 'Customers' })),
    'segments.list': () => resend.segments.list(),
    'segments.get': () => resend.segments.get(id('segment')),
    'segments.update': () => resend.segments.update(id('segment'), { name: 'Good customers' }),
    // The older name; the client's two groups are one.
    'audiences.create': async () => made('audience', await resend.audiences.create({ name: 'Readers' })),
    'audiences.list': () => resend.audiences.list(),
    'audiences.get': () => resend.audiences.get(id('audience')),
    'audiences.update': () => resend.audiences.update(id('audience'), { name: 'Good readers' }),
    'audiences.remove': () => resend.audiences.remove(id('audience')),
    'topics.create': async () =>
      made('topic', await resend.topics.create({ name: 'News', defaultSubscription: 'opt_in' })),
    'topics.list': () => resend.topics.list(),
    'topics.get': () => resend.topics.get(id('topic')),
    'topics.update': () => resend.topics.update({ id: id('topic'), name: 'Our news', description: 'Each week' }),
    'contactProperties.create': async () =>
      made('property', await resend.contactProperties.create({ key: 'plan', type: 'string', fallbackValue: 'free' })),
    'contactProperties.list': () => resend.contactProperties.list(),
    'contactProperties.get': () => resend.contactProperties.get(id('property')),
    'contactProperties.update': () => resend.contactProperties.update({ id: id('property'), fallbackValue: 'none' }),
    'contacts.create': async () => {
      const more = { properties: { plan: 'large' }, segments: [{ id: id('segment') }], topics: opted() };
      return made('contact', await resend.contacts.create({ ...contact, ...more }));
    },
    'contacts.list': () => resend.contacts.list({ segmentId: id('segment') }),
    'contacts.get': () => resend.contacts.get(contact.email),
    'contacts.update': () => resend.contacts.update({ email: contact.email, lastName: 'Lovelace' }),
    'contacts.segments.list': () => resend.contacts.segments.list({ contactId: id('contact') }),
    'contacts.segments.add': () => resend.contacts.segments.add({ contactId: id('contact'), segmentId: id('segment') }),
    'contacts.topics.update': () => resend.contacts.topics.update({ id: id('contact'), topics: opted() }),
    'contacts.topics.list': () => resend.contacts.topics.list({ id: id('contact') }),
    'contacts.imports.create': async () => {
      const file = new Blob(['email,first_name\nimported@example.com,Bob\n'], { type: 'text/csv' });
      return made('import', await resend.contacts.imports.create({ file, segments: [{ id: id('segment') }] }));
    },
    'contacts.imports.list': () => resend.contacts.imports.list(),
    'contacts.imports.get': () => resend.contacts.imports.get(id('import')),
    ...broadcastCalls(resend, id, made),
    'emails.metrics': () => resend.emails.metrics({ dimensions: ['broadcast'] }),
    'contacts.segments.remove': () =>
      resend.contacts.segments.remove({ contactId: id('contact'), segmentId: id('segment') }),
    'contacts.remove': () => resend.contacts.remove(contact.email),
    'contactProperties.remove': () => resend.contactProperties.remove(id('property')),
    'topics.remove': () => resend.topics.remove(id('topic')),
    'segments.remove': () => resend.segments.remove(id('segment')),
  };
}

function broadcastCalls(
  resend: Resend,
  id: (name: string) => string,
  made: (name: string, answer: { data: { id: string } | null; error: Answer['error'] }) => Answer,
): Readonly<Record<string, Call>> {
  return {
    'broadcasts.create': async () =>
      made('broadcast', await resend.broadcasts.create({ ...broadcast, segmentId: id('segment') })),
    'broadcasts.update': () => resend.broadcasts.update(id('broadcast'), { previewText: 'What is new' }),
    'broadcasts.list': () => resend.broadcasts.list(),
    'broadcasts.get': () => resend.broadcasts.get(id('broadcast')),
    'broadcasts.send': () => resend.broadcasts.send(id('broadcast'), { scheduledAt: 'in 1 hour' }),
    'broadcasts.cancel': () => resend.broadcasts.cancel(id('broadcast')),
    'broadcasts.recipients': () => resend.broadcasts.recipients(id('broadcast'), { type: 'sent' }),
    'broadcasts.clickedLinks': () => resend.broadcasts.clickedLinks(id('broadcast')),
    'broadcasts.duplicate': () => resend.broadcasts.duplicate(id('broadcast')),
    'broadcasts.remove': () => resend.broadcasts.remove(id('broadcast')),
  };
}

const contactFields = ['id', 'email', 'first_name', 'last_name', 'created_at', 'unsubscribed'];
const topicFields = ['id', 'name', 'description', 'default_subscription', 'visibility', 'created_at'];
const importFields = ['object', 'id', 'status', 'created_at', 'completed_at', 'counts'];
const broadcastFields = [
  ...['id', 'name', 'audience_id', 'segment_id', 'status', 'created_at', 'scheduled_at', 'sent_at', 'topic_id'],
];
const created = ['object', 'id'];
const deleted = ['id', 'deleted'];

/** The fields that an answer, or each row of a list, has at least, by Resend's clients and its OpenAPI document together. */
const fields: Readonly<Record<string, readonly string[]>> = {
  'segments.create': [...created, 'name'],
  'segments.list': ['id', 'name', 'created_at'],
  'segments.get': [...created, 'name', 'created_at'],
  'segments.update': created,
  'segments.remove': ['object', ...deleted],
  'topics.create': created,
  'topics.list': topicFields,
  'topics.get': topicFields,
  'topics.update': created,
  'topics.remove': ['object', ...deleted],
  'contactProperties.create': created,
  // The client reads snake case and answers camel case.
  'contactProperties.list': ['id', 'key', 'type', 'fallbackValue', 'createdAt'],
  'contactProperties.get': ['object', 'id', 'key', 'type', 'fallbackValue', 'createdAt'],
  'contactProperties.update': created,
  'contactProperties.remove': ['object', ...deleted],
  'contacts.create': created,
  'contacts.list': contactFields,
  'contacts.get': ['object', ...contactFields, 'properties'],
  'contacts.update': created,
  'contacts.remove': ['object', 'contact', ...deleted],
  'contacts.segments.list': ['id', 'name', 'created_at'],
  'contacts.segments.add': ['object', 'id', 'contact_id', 'segment_id'],
  'contacts.segments.remove': ['object', ...deleted, 'contact_id', 'segment_id'],
  'contacts.topics.list': ['id', 'name', 'description', 'subscription'],
  'contacts.topics.update': ['object', 'id', 'contact_id', 'topics'],
  'contacts.imports.create': created,
  'contacts.imports.list': importFields,
  'contacts.imports.get': importFields,
  'broadcasts.create': created,
  'broadcasts.update': created,
  'broadcasts.list': broadcastFields,
  'broadcasts.get': ['object', ...broadcastFields, 'from', 'subject', 'reply_to', 'preview_text', 'html', 'text'],
  'broadcasts.send': ['id'],
  'broadcasts.cancel': created,
  'broadcasts.duplicate': created,
  'broadcasts.remove': ['object', ...deleted],
  'broadcasts.recipients': [],
  'broadcasts.clickedLinks': [],
  'emails.metrics': ['object', 'start_date', 'end_date', 'metrics', 'dimensions', 'granularity', 'totals', 'data'],
};

/** The fields that an answer of this method should have and has not. */
export function missingFields(method: string, data: unknown): string[] {
  const wanted = fields[method];
  if (wanted === undefined) return [];
  if (!isObject(data)) return ['data'];
  const isList = data.object === 'list' || Array.isArray(data.data) ? !wanted.includes('data') : false;
  if (!isList) return wanted.filter((field) => !(field in data));
  const rows = Array.isArray(data.data) ? data.data.filter(isObject) : [];
  const missing = ['object', 'has_more', 'data'].filter((field) => !(field in data));
  if (wanted.length > 0 && rows.length === 0) missing.push('rows');
  return [...missing, ...wanted.filter((field) => rows.some((row) => !(field in row)))];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
