import * as z from 'zod/mini';

const MAX_BATCH = 100;
/** Longer than any id and any address. A database refuses a longer key instead of not finding it. */
const MAX_LENGTH = 500;
const many = z.array(z.string().check(z.maxLength(MAX_LENGTH))).check(z.minLength(1), z.maxLength(MAX_BATCH));

/** The body of `POST /suppressions`. */
export const addSuppressionSchema = z.strictObject({ email: z.string() });
/** The body of `POST /suppressions/batch/add`. */
export const addSuppressionsSchema = z.strictObject({ emails: many });
/** The body of `POST /suppressions/batch/remove`: one of the two fields. */
export const removeSuppressionsSchema = z.strictObject({ emails: z.optional(many), ids: z.optional(many) });
