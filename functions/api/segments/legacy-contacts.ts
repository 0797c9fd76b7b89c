import { type Context, Hono } from 'hono';
import type { Contact } from '../../core/audience/contact.ts';
import { existingContact, findContact } from '../../core/audience/contacts.ts';
import { isMember, segmentIdsOf } from '../../core/audience/membership.ts';
import { type AudienceDependencies, deleteContact, leaveSegment } from '../../core/audience/removal.ts';
import { findSegment, noSegment } from '../../core/audience/segments.ts';
import { notFound } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import { validate } from '../../core/validate.ts';
import type { Caller } from '../authenticate.ts';
import { createContact } from '../contacts/create.ts';
import { contactReference, patchContact } from '../contacts/routes.ts';
import { createMemberSchema } from '../contacts/schema.ts';
import { contactDetail } from '../contacts/view.ts';
import { readJson } from '../read-json.ts';

const FIELDS = Object.keys(createMemberSchema.def.shape);

/**
 * The routes under `/audiences/{id}/contacts` of older clients, for which a contact belongs to one audience: they see only its members, and
 * a deleted member that is in no other segment is deleted.
 */
export function legacyContactRoutes(dependencies: AudienceDependencies): Hono<Caller> {
  const { table } = dependencies;
  const routes = new Hono<Caller>();

  routes.post('/:id/contacts', async (context) => {
    const { id } = await findSegment(table, audienceOf(context), 'audience');
    const fields = validate(createMemberSchema, (await readJson(context)).value, FIELDS);
    return context.json(contactReference(await createContact(dependencies, { ...fields, audience_id: id })), 201);
  });

  // An address may have a slash, which some gateways decode.
  routes.get('/:id/contacts/:contact{.+}', async (context) => context.json(contactDetail(await member(context))));

  routes.patch('/:id/contacts/:contact{.+}', async (context) => {
    const contact = await member(context);
    await patchContact(dependencies, contact, (await readJson(context)).value);
    return context.json(contactReference(contact.id));
  });

  // Resend answers the same for a contact that never existed, and names it as the path does.
  routes.delete('/:id/contacts/:contact{.+}', async (context) => {
    if (!isId(audienceOf(context))) throw noSegment('audience');
    const named = context.req.param('contact');
    const contact = await findContact(table, named);
    if (contact && (await leaveSegment(dependencies, audienceOf(context), contact.id))) await deleteUnlisted(contact);
    return context.json({ ...contactReference(named), contact: named, deleted: true });
  });

  async function member(context: Context): Promise<Contact> {
    const contact = await existingContact(table, context.req.param('contact') ?? '');
    if (!(await isMember(table, audienceOf(context), contact.id))) throw notFound('Contact');
    return contact;
  }

  async function deleteUnlisted(contact: Contact): Promise<void> {
    if ((await segmentIdsOf(table, contact.id)).length === 0) await deleteContact(dependencies, contact);
  }
  return routes;
}

const audienceOf = (context: Context): string => context.req.param('id') ?? '';
