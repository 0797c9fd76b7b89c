import { contactDeletion, contactDetail, contactName, contactReference, contactRow } from '../contacts/openapi.ts';
import { changeContactSchema, createMemberSchema } from '../contacts/schema.ts';
import { id, input, list, object, operation, paging, request, text, time } from '../openapi/parts.ts';
import { changeSegmentSchema, createSegmentSchema } from './schema.ts';

const row = {
  id: text,
  name: text,
  created_at: time,
  contact_count: { type: 'integer', minimum: 0, description: 'The number of its contacts (an addition of Sendoff)' },
};

/** The paths under `/segments`, and under `/audiences`, the name that segments had before. */
export const segmentPaths = () => ({
  ...pathsOf('segment'),
  ...pathsOf('audience'),
  '/audiences/{id}/contacts': {
    ...pathsOf('audience')['/audiences/{id}/contacts'],
    post: operation(
      'createAudienceContact',
      'Create a contact in an audience, or change the one with this address and add it',
      contactReference,
      { ...request(input(createMemberSchema), { email: 'ada@example.com' }), deprecated: true, errors: [409] },
      '201',
    ),
  },
  '/audiences/{id}/contacts/{contact}': {
    parameters: [id, contactName],
    get: operation('getAudienceContact', 'A contact of an audience', contactDetail, { deprecated: true }),
    patch: operation('changeAudienceContact', 'Change a contact of an audience', contactReference, {
      ...request(input(changeContactSchema), { first_name: 'Ada' }),
      deprecated: true,
      errors: [409],
    }),
    delete: operation(
      'deleteAudienceContact',
      'Remove a contact from an audience; one that is in no other is deleted',
      contactDeletion,
      { deprecated: true },
    ),
  },
});

function pathsOf(word: 'segment' | 'audience'): Record<string, Record<string, unknown>> {
  const name = word === 'segment' ? 'Segment' : 'Audience';
  const object_ = { object: { const: word } };
  const old = word === 'audience' ? { deprecated: true } : {};
  return {
    [`/${word}s`]: {
      post: operation(
        `create${name}`,
        `Create ${word === 'segment' ? 'a segment' : 'a segment under its old name'}`,
        object({ ...object_, id: text, name: text }),
        { ...request(input(createSegmentSchema), { name: 'Customers' }), ...old },
        '201',
      ),
      get: operation(`list${name}s`, `List ${word}s, newest first`, list(object(row)), { parameters: paging, ...old }),
    },
    [`/${word}s/{id}`]: {
      parameters: [id],
      get: operation(`get${name}`, `One ${word}`, object({ ...object_, ...row }), old),
      patch: operation(`rename${name}`, `Rename the ${word}`, object({ ...object_, id: text }), {
        ...request(input(changeSegmentSchema), { name: 'Customers in Europe' }),
        ...old,
      }),
      delete: operation(
        `delete${name}`,
        `Delete the ${word}; its contacts stay`,
        object({ ...object_, id: text, deleted: { const: true } }),
        old,
      ),
    },
    [`/${word}s/{id}/contacts`]: {
      parameters: [id],
      get: operation(
        `list${name}Contacts`,
        `The contacts of the ${word}, the last added first`,
        list(object(contactRow)),
        {
          parameters: paging,
          ...old,
        },
      ),
    },
  };
}
