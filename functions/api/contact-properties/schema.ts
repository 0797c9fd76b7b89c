import * as z from 'zod/mini';
import { propertyTypes } from '../../core/audience/property.ts';
import { storableNumber } from '../../core/validate.ts';

const fallback_value = z.optional(
  z.nullable(
    z
      .union([z.string(), storableNumber])
      .check(z.describe('Of the property’s type; printed for contacts without a value')),
  ),
);

/** The body of `POST /contact-properties`. */
export const createPropertySchema = z.strictObject({ key: z.string(), type: z.enum(propertyTypes), fallback_value });

/** The body of `PATCH /contact-properties/{id}`; null removes the fallback. */
export const changePropertySchema = z.strictObject({
  fallback_value,
  // Clients send the id in the body as well; the one in the path counts.
  id: z.optional(z.unknown()),
});
