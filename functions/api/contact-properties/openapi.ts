import { propertyTypes } from '../../core/audience/property.ts';
import { id, input, list, object, operation, paging, request, text, time } from '../openapi/parts.ts';
import { changePropertySchema, createPropertySchema } from './schema.ts';

const reference = object({ object: { const: 'contact_property' }, id: text });
const property = object({
  object: { const: 'contact_property' },
  id: text,
  key: text,
  type: { enum: [...propertyTypes] },
  fallback_value: { anyOf: [text, { type: 'number' }, { type: 'null' }] },
  created_at: time,
});

/** The paths under `/contact-properties`. */
export const contactPropertyPaths = () => ({
  '/contact-properties': {
    post: operation(
      'createContactProperty',
      'Create a property that contacts can have',
      reference,
      request(input(createPropertySchema), { key: 'company_name', type: 'string', fallback_value: 'your company' }),
      '201',
    ),
    get: operation('listContactProperties', 'List contact properties, newest first', list(property), {
      parameters: paging,
    }),
  },
  '/contact-properties/{id}': {
    parameters: [id],
    get: operation('getContactProperty', 'One contact property', property),
    patch: operation(
      'changeContactProperty',
      'Change the fallback; key and type stay',
      reference,
      request(input(changePropertySchema), { fallback_value: 'your firm' }),
    ),
    delete: operation(
      'deleteContactProperty',
      'Delete a contact property',
      object({ object: { const: 'contact_property' }, id: text, deleted: { const: true } }),
    ),
  },
});
