import { bounceTypes, recipientTypes } from '../../core/broadcast/counting/recipient-lists.ts';
import { list, object, operation, orNull, paging, query, text, whole } from '../openapi/parts.ts';

const always = object({ id: text, contact_id: orNull(text), email: text });
const recipient = {
  ...always,
  properties: {
    ...always.properties,
    count: { ...whole, description: 'With `opened` and `clicked`: events, at most 10' },
    clicked_links: { type: 'array', items: object({ url: text, clicks: whole }) },
    bounce_type: { enum: bounceTypes },
  },
};
const page = list(recipient);

/** `GET /broadcasts/{id}/recipients`. */
export const listRecipients = operation(
  'listBroadcastRecipients',
  'Recipients to whom something happened, in the order of sending',
  {
    ...page,
    properties: {
      ...page.properties,
      next: {
        ...text,
        description: 'If there may be more: what `after` (with `before`: `before`) is for the next page',
      },
    },
  },
  {
    parameters: [
      { ...query('type', 'What happened', { enum: recipientTypes }), required: true },
      query('email', 'Only this address'),
      query('bounce_type', 'Only with `type=bounced`', { enum: bounceTypes }),
      ...paging,
    ],
    errors: [422],
  },
);

/** `GET /broadcasts/{id}/clicked-links`. */
export const listClickedLinks = operation(
  'listBroadcastClickedLinks',
  'Clicked links, most clicked first',
  list(object({ id: text, url: text, clicks: whole, unique_clicks: whole })),
  { parameters: paging },
);
