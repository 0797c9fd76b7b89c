import { input, list, object, operation, orNull, paging, request, type Schema, text, time } from '../openapi/parts.ts';
import { changeContactSchema, createContactSchema } from './schema.ts';

export const contactReference = object({ object: { const: 'contact' }, id: text });
export const contactDeletion = object({ ...contactReference.properties, contact: text, deleted: { const: true } });
export const contactRow = {
  id: text,
  email: text,
  first_name: orNull(text),
  last_name: orNull(text),
  created_at: time,
  unsubscribed: { type: 'boolean' },
};
const value = { anyOf: [text, { type: 'number' }, { type: 'boolean' }] };
const property = object({ type: { enum: ['string', 'number', 'boolean'] }, value });
export const contactDetail = object({
  object: { const: 'contact' },
  ...contactRow,
  properties: { type: 'object', additionalProperties: property },
});
export const contactName: Schema = {
  name: 'contact',
  in: 'path',
  required: true,
  description: 'The id or the email address',
  schema: text,
};
const segmentId = { name: 'segment', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } };
const membership = { object: { const: 'contact_segment' }, id: text, contact_id: text, segment_id: text };
const byName = (name: string, description: string) => ({ name, in: 'query', description, schema: text });

/** The paths under `/contacts`. */
export const contactPaths = () => ({
  '/contacts': {
    post: operation(
      'createContact',
      'Create a contact, or change the one with this address',
      contactReference,
      {
        ...request(input(createContactSchema), { email: 'ada@example.com', first_name: 'Ada', unsubscribed: false }),
        errors: [409],
      },
      '201',
    ),
    get: operation('listContacts', 'List contacts, newest first', list(object(contactRow)), {
      parameters: [
        ...paging,
        byName('segment_id', 'Only those of this segment, the last added first'),
        byName('audience_id', 'The old name of segment_id'),
      ],
    }),
  },
  '/contacts/export': {
    get: {
      operationId: 'exportContacts',
      summary: 'A page of contacts as CSV with their properties, oldest first (an addition of Sendoff)',
      parameters: [
        byName('segment_id', 'Only those of this segment'),
        byName('after', 'The header `sendoff-next` of the page before'),
      ],
      responses: {
        200: {
          description: 'Up to 1,000 contacts; the first page begins with the names of the columns',
          headers: { 'sendoff-next': { description: 'If there may be more: `after` of the next page', schema: text } },
          content: { 'text/csv': { schema: text } },
        },
      },
      errors: [404, 409],
    },
  },
  '/contacts/{contact}': {
    parameters: [contactName],
    get: operation('getContact', 'One contact', contactDetail),
    patch: operation(
      'changeContact',
      'Change a contact; properties are merged, null clears a value',
      contactReference,
      {
        ...request(input(changeContactSchema), { last_name: 'Lovelace', unsubscribed: true }),
        errors: [409],
      },
    ),
    delete: operation('deleteContact', 'Delete a contact; it leaves all segments', contactDeletion),
  },
  '/contacts/{contact}/segments': {
    parameters: [contactName],
    get: operation(
      'listContactSegments',
      'The segments that the contact is in, the last joined first',
      list(object({ id: text, name: text, created_at: time })),
      { parameters: paging },
    ),
  },
  '/contacts/{contact}/segments/{segment}': {
    parameters: [contactName, segmentId],
    post: operation('addContactToSegment', 'Add the contact to a segment', object(membership)),
    delete: operation(
      'removeContactFromSegment',
      'Remove the contact from a segment',
      object({ ...membership, deleted: { const: true } }),
    ),
  },
});
