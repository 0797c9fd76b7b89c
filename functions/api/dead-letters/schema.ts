import * as z from 'zod/mini';

const MAX_IDS = 100;
/** Longer than any id. */
const MAX_LENGTH = 500;
const choice = {
  ids: z.optional(
    z.array(z.string().check(z.minLength(1), z.maxLength(MAX_LENGTH))).check(z.minLength(1), z.maxLength(MAX_IDS)),
  ),
  all: z.optional(z.literal(true)),
};

/** The body of `POST /dead-letters/purge`: one of the two fields. */
export const purgeSchema = z.strictObject(choice);
/** The body of `POST /dead-letters/redrive`: one of the first two fields. */
export const redriveSchema = z.strictObject({ ...choice, queued_until: z.optional(z.string()) });
