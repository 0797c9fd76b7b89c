import * as z from 'zod/mini';
import { MOST_RETRIED } from '../../core/run/retry.ts';

const nullable = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));

/** The body of `POST /runs/retry`. */
export const retryFailedSchema = z.strictObject({
  task: z.string().check(z.maxLength(100)),
  since: nullable(
    z
      .string()
      .check(
        z.refine(isTime, 'it must be a time in ISO 8601 with a zone, such as 2026-11-20T08:00:00Z.'),
        z.describe('Only the runs that were accepted at this time or later: ISO 8601 with a zone'),
      ),
  ),
  after: nullable(
    z
      .string()
      .check(
        z.regex(/^\d{13}#[0-9a-f-]{0,36}$/, 'It must be the `next` of an earlier answer.'),
        z.describe('The `next` of the answer before'),
      ),
  ),
  limit: nullable(
    z
      .int()
      .check(
        z.minimum(1),
        z.maximum(MOST_RETRIED),
        z.describe(`The most failed runs that this request works on; ${MOST_RETRIED} if absent`),
      ),
  ),
});

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));
}
