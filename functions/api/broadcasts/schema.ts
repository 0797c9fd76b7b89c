import * as z from 'zod/mini';
import { recipientLimits } from '../../core/broadcast/recipients.ts';
import { broadcastLimits } from '../../core/broadcast/store.ts';
import { TEST_RECIPIENTS } from '../../core/broadcast/test-send.ts';
import { limits } from '../../core/email/schema.ts';
import { storableNumber } from '../../core/validate.ts';

const nullable = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));
const addresses = z.union([z.string(), z.array(z.string()).check(z.maxLength(limits.recipients))]);
const segment = nullable(z.string().check(z.describe('The segment whose members get it')));
const fields = {
  name: nullable(z.string().check(z.maxLength(broadcastLimits.nameLength))),
  segment_id: segment,
  audience_id: nullable(z.string().check(z.describe('The older name of `segment_id`'))),
  topic_id: nullable(z.string()),
  from: nullable(z.string()),
  subject: nullable(z.string().check(z.maxLength(limits.subjectLength))),
  reply_to: nullable(addresses),
  preview_text: nullable(z.string().check(z.maxLength(broadcastLimits.previewLength))),
  html: nullable(z.string()),
  text: nullable(z.string().check(z.describe('Without it a text part is made of the html; an empty one means none'))),
  template: nullable(
    z.strictObject({
      id: z
        .string()
        .check(
          z.minLength(1),
          z.maxLength(500),
          z.describe('The id or the alias of a published template, which is copied'),
        ),
    }),
  ),
};
const scheduledAt = nullable(
  z.string().check(z.maxLength(200), z.describe('ISO 8601 or English; at most 30 days ahead')),
);

/** The body of `POST /broadcasts` without `recipients`, which plain code checks. */
export const createBroadcastSchema = z.strictObject({
  ...fields,
  send: nullable(z.boolean()),
  scheduled_at: scheduledAt,
});
/** The path counts; clients send these, too: Node the first, Python the second. */
const ignored = { id: z.optional(z.unknown()), broadcast_id: z.optional(z.unknown()) };
/** The body of `PATCH /broadcasts/{id}`; null clears a field. */
export const changeBroadcastSchema = z.strictObject({ ...fields, ...ignored });
/** The body of `POST /broadcasts/{id}/send`. */
export const sendBroadcastSchema = z.strictObject({ scheduled_at: scheduledAt, ...ignored });
/** The body of `POST /broadcasts/{id}/test`. */
export const testBroadcastSchema = z.strictObject({
  to: z.union([z.string(), z.array(z.string()).check(z.minLength(1), z.maxLength(TEST_RECIPIENTS))]),
});
/** The body of `POST /broadcasts/{id}/recipients` without `recipients`. */
export const pieceSchema = z.strictObject({ offset: nullable(z.int().check(z.minimum(0))) });

export type BroadcastInput = z.infer<typeof changeBroadcastSchema>;

/** `recipients` as the OpenAPI document has it. */
export const recipientsSchema = z.array(
  z.strictObject({
    email: z.string(),
    variables: nullable(
      z.record(
        z.string().check(z.regex(/^[A-Za-z0-9_]+$/), z.maxLength(recipientLimits.keyLength)),
        z.nullable(z.union([z.string().check(z.maxLength(recipientLimits.valueLength)), storableNumber, z.boolean()])),
      ),
    ),
  }),
);
