import { type Context, Hono } from 'hono';
import { CONTACT_PARTITION, type Contact, contactId, contactKey } from '../../core/audience/contact.ts';
import { changeContact, existingContact } from '../../core/audience/contacts.ts';
import { exportPage } from '../../core/audience/export.ts';
import { addMembers, membershipPage } from '../../core/audience/membership.ts';
import { type AudienceDependencies, deleteContact, leaveSegment } from '../../core/audience/removal.ts';
import { findSegment, getSegments } from '../../core/audience/segments.ts';
import { listPage } from '../../core/document/list.ts';
import { invalid } from '../../core/errors.ts';
import { validate } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import { segmentMembers } from '../segments/members.ts';
import { segmentRow } from '../segments/view.ts';
import { changeOf, createContact } from './create.ts';
import { changeContactSchema, createContactSchema } from './schema.ts';
import { addContactTopics } from './topics.ts';
import { contactDetail, contactRow } from './view.ts';

const CREATE_FIELDS = Object.keys(createContactSchema.def.shape);
const CHANGE_FIELDS = Object.keys(changeContactSchema.def.shape);

/** The routes under `/contacts`; `{contact}` is an id or an address. */
export function contactRoutes(dependencies: AudienceDependencies): Hono<Caller> {
  const { table, now } = dependencies;
  const routes = new Hono<Caller>();

  routes.post('/', async (context) => {
    const { value } = await readJson(context);
    const id = await createContact(dependencies, validate(createContactSchema, value, CREATE_FIELDS));
    return context.json(contactReference(id), 201);
  });

  routes.get('/', async (context) => {
    const { segment_id, audience_id, ...page } = context.req.query();
    const segmentId = segment_id ?? audience_id;
    if (segmentId !== undefined) {
      await findSegment(table, segmentId);
      return context.json(await segmentMembers(table, segmentId, page));
    }
    const { items, hasMore } = await listPage<Contact>(table, CONTACT_PARTITION, contactKey, page);
    return context.json({ object: 'list', has_more: hasMore, data: items.map(contactRow) });
  });

  // Before the routes that take everything below `/contacts` for a contact.
  routes.get('/export', async (context) => {
    const { segment_id: segmentId, after } = context.req.query();
    if (segmentId !== undefined) await findSegment(table, segmentId);
    const { csv, next } = await exportPage(table, { segmentId, after });
    const headers = {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="contacts.csv"',
    };
    return context.body(csv, 200, next === undefined ? headers : { ...headers, 'sendoff-next': next });
  });

  addContactTopics(routes, dependencies);

  // An address may have a slash, which some gateways decode.
  routes.get('/:contact{.+}/segments', async (context) => {
    const { id } = await existingContact(table, nameOf(context));
    const { items, hasMore } = await membershipPage(table, id, context.req.query());
    const segments = (await getSegments(table, items)).filter((segment) => segment !== undefined);
    return context.json({ object: 'list', has_more: hasMore, data: segments.map(segmentRow) });
  });

  routes.post('/:contact{.+}/segments/:segment', async (context) => {
    const [contact, segment] = await Promise.all([
      existingContact(table, nameOf(context)),
      findSegment(table, context.req.param('segment')),
    ]);
    await addMembers(dependencies, segment.id, [contact.id], now());
    return context.json(membership(contact.id, segment.id));
  });

  routes.delete('/:contact{.+}/segments/:segment', async (context) => {
    const [contact, segment] = await Promise.all([
      existingContact(table, nameOf(context)),
      findSegment(table, context.req.param('segment')),
    ]);
    await leaveSegment(dependencies, segment.id, contact.id);
    return context.json({ ...membership(contact.id, segment.id), deleted: true });
  });

  routes.get('/:contact{.+}', async (context) =>
    context.json(contactDetail(await existingContact(table, nameOf(context)))),
  );

  routes.patch('/:contact{.+}', async (context) => {
    const contact = await existingContact(table, nameOf(context));
    await patchContact(dependencies, contact, (await readJson(context)).value);
    return context.json(contactReference(contact.id));
  });

  routes.delete('/:contact{.+}', async (context) => {
    const contact = await existingContact(table, nameOf(context));
    await deleteContact(dependencies, contact);
    return context.json({ ...contactReference(contact.id), contact: contact.id, deleted: true });
  });
  return routes;
}

/** Changes a contact as the body of a PATCH says. */
export async function patchContact(dependencies: AudienceDependencies, contact: Contact, body: unknown): Promise<void> {
  const { email, ...fields } = validate(changeContactSchema, body, CHANGE_FIELDS);
  if (email != null && contactId(email) !== contact.id)
    throw invalid(
      'Invalid `email` field: the address of a contact cannot be changed; create another contact.',
      'validation_error',
    );
  await changeContact(dependencies, contact, await changeOf(dependencies.table, fields, contact));
}

const nameOf = (context: Context): string => context.req.param('contact') ?? '';
export const contactReference = (id: string) => ({ object: 'contact', id });
/** The union of what the official client and the OpenAPI document describe. */
const membership = (contact: string, segment: string) => ({
  object: 'contact_segment',
  id: segment,
  contact_id: contact,
  segment_id: segment,
});
