import * as z from 'zod/mini';
import { MAX_NAME_LENGTH } from '../../core/audience/contact.ts';
import { storableNumber } from '../../core/validate.ts';
import { setTopicsSchema } from '../topics/schema.ts';

const nullable = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));
const name = nullable(z.string().check(z.maxLength(MAX_NAME_LENGTH)));
const fields = {
  first_name: name,
  last_name: name,
  unsubscribed: nullable(z.boolean().check(z.describe('True: the contact gets no broadcast'))),
  properties: nullable(z.record(z.string(), z.nullable(z.union([z.string(), storableNumber, z.boolean()])))),
};
const segment = z.union([z.strictObject({ id: z.string() }), z.string()]);
const MAX_SEGMENTS = 100;

/** The body of `POST /audiences/{id}/contacts`. */
export const createMemberSchema = z.strictObject({ email: z.string(), ...fields });
/** The body of `POST /contacts`. */
export const createContactSchema = z.strictObject({
  ...createMemberSchema.def.shape,
  segments: nullable(z.array(segment).check(z.maxLength(MAX_SEGMENTS))),
  topics: nullable(setTopicsSchema.def.shape.topics),
  audience_id: nullable(z.string().check(z.describe('The old name of one segment'))),
});
/** The body of `PATCH /contacts/{id}`; null clears a field. */
export const changeContactSchema = z.strictObject({ email: nullable(z.string()), ...fields });
export type ContactInput = z.infer<typeof createContactSchema>;
export type ContactFields = Omit<z.infer<typeof changeContactSchema>, 'email'>;
