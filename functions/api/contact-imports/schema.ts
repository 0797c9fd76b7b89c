import * as z from 'zod/mini';
import { importStatuses, valueTypes } from '../../core/audience/import/import.ts';
import { subscriptions } from '../../core/audience/topic.ts';

const column = z.string();
const optionalColumn = z.optional(column);
const reference = z.union([z.object({ id: z.string() }), z.string()]);

/** The fields of `POST /contacts/imports` beside the file. */
export const importOptionsSchema = z.strictObject({
  column_map: z.optional(
    z.nullable(
      z.strictObject({
        email: optionalColumn,
        first_name: optionalColumn,
        last_name: optionalColumn,
        unsubscribed: optionalColumn,
        properties: z.optional(z.record(z.string(), z.strictObject({ column, type: z.optional(z.enum(valueTypes)) }))),
      }),
    ),
  ),
  on_conflict: z.optional(z.enum(['upsert', 'skip'])),
  segments: z.optional(z.array(reference).check(z.maxLength(20))),
  topics: z.optional(
    z.array(z.object({ id: z.string(), subscription: z.enum(subscriptions) })).check(z.maxLength(100)),
  ),
});

/** The query of `GET /contacts/imports` beside the page. */
export const importQuerySchema = z.object({ status: z.optional(z.enum(importStatuses)) });
