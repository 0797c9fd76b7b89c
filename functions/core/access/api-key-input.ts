import * as z from 'zod/mini';
import { permissions } from './api-key.ts';

/** A name may be empty, as with Resend. */
const name = z.string().check(z.maxLength(50));

/** The body of `POST /api-keys`. The CLI checks names and permissions with it, too. */
export const createKeySchema = z.strictObject({
  name,
  permission: z.optional(z.enum(permissions)),
  domain_id: z.optional(
    z.nullable(z.string().check(z.describe('Confines a key with `sending_access` to senders of this domain'))),
  ),
});

/** The body of `PATCH /api-keys/{id}`. */
export const renameKeySchema = z.strictObject({ name });
