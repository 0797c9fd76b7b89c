import * as z from 'zod/mini';
import { limits } from '../../core/email/schema.ts';
import { templateLimits } from '../../core/template/template.ts';
import { storableNumber } from '../../core/validate.ts';

const nullable = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));
const addresses = z.union([z.string(), z.array(z.string()).check(z.maxLength(limits.recipients))]);
const name = z.string().check(z.minLength(1), z.maxLength(templateLimits.nameLength));
const alias = z
  .string()
  .check(
    z.regex(/^[A-Za-z0-9_.-]+$/, 'An alias has only ASCII letters, digits, underscores, dots or dashes.'),
    z.maxLength(templateLimits.aliasLength),
  );
const variable = z.strictObject({
  key: z
    .string()
    .check(
      z.regex(/^[A-Za-z0-9_]+$/, 'A key has only ASCII letters, digits or underscores.'),
      z.maxLength(templateLimits.keyLength),
    ),
  type: z.enum(['string', 'number']),
  fallback_value: nullable(z.union([z.string().check(z.maxLength(templateLimits.valueLength)), storableNumber])),
  // The client sends the rows of GET back as they are.
  id: z.optional(z.string()),
  created_at: z.optional(z.string()),
  updated_at: z.optional(z.string()),
});
const fields = {
  alias: nullable(alias),
  from: nullable(z.string()),
  subject: nullable(z.string().check(z.maxLength(limits.subjectLength))),
  reply_to: nullable(addresses),
  text: nullable(z.string().check(z.describe('Without it a text part is made of the html; an empty one means none'))),
  variables: nullable(z.array(variable).check(z.maxLength(templateLimits.variables))),
};

/** The body of `POST /templates`. */
export const createTemplateSchema = z.strictObject({ name, html: z.string().check(z.minLength(1)), ...fields });
/** The body of `PATCH /templates/{id}`; null clears a field. */
export const changeTemplateSchema = z.strictObject({
  name: z.optional(name),
  html: z.optional(z.string().check(z.minLength(1))),
  ...fields,
});
export type TemplateInput = z.infer<typeof changeTemplateSchema>;
