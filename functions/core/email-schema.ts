import * as z from 'zod/mini';

/** Limits of one email; SES's, unless said otherwise (SES quotas, resend-openapi 1.5.0). */
export const limits = {
  recipients: 50,
  subjectLength: 998,
  tags: 50,
  tagLength: 256,
  headers: 100,
  headerValueLength: 8_000,
  /** RFC 5322 2.1.1: a line has 998 characters; longer values are folded by the composer, one word cannot be. */
  headerWordLength: 997,
  attachments: 100,
  fileNameLength: 255,
  /** The whole message as MIME: SES v1 takes 10 MB. */
  messageBytes: 10_000_000,
  batch: 100,
  scheduleDays: 30,
  idempotencyKeyLength: 256,
} as const;

/** The message tag that carries our id in every event SES publishes; no tag of a caller may have its name. */
export const EMAIL_ID_TAG = 'sendoff-email-id';

const address = z.string().check(z.describe('`email@example.com` or `Name <email@example.com>`'));
const recipients = z.union([address, z.array(address).check(z.maxLength(limits.recipients))]);

/** A Node Buffer as JSON.stringify writes it; resend-node sends attachments so. */
const serializedBuffer = z.strictObject({
  type: z.literal('Buffer'),
  data: z.array(z.int().check(z.gte(0), z.lte(255))),
});

export const attachmentSchema = z.strictObject({
  filename: z.optional(z.string().check(z.maxLength(limits.fileNameLength))),
  content: z.optional(
    z
      .union([z.string().check(z.describe('base64')), serializedBuffer])
      .check(z.describe('The file: base64, or a serialized Node Buffer')),
  ),
  path: z.optional(z.string().check(z.describe('An https URL to fetch the file from when the email is sent'))),
  content_type: z.optional(z.string().check(z.maxLength(255))),
  content_id: z.optional(z.string().check(z.maxLength(127), z.describe('For inline images: <img src="cid:…">'))),
});

const tagText = z.string().check(z.regex(/^[A-Za-z0-9_-]+$/), z.maxLength(limits.tagLength));

/** What `POST /emails` takes. The same schema validates requests and becomes /openapi.json. */
export const emailSchema = z.strictObject({
  from: address,
  to: recipients,
  subject: z.string().check(z.maxLength(limits.subjectLength)),
  cc: z.optional(recipients),
  bcc: z.optional(recipients),
  reply_to: z.optional(recipients),
  html: z.optional(z.nullable(z.string())),
  text: z.optional(
    z.nullable(z.string().check(z.describe('Without it a text part is made of the html; an empty one means none'))),
  ),
  headers: z.optional(z.record(z.string(), z.string().check(z.maxLength(limits.headerValueLength)))),
  tags: z.optional(z.array(z.strictObject({ name: tagText, value: tagText })).check(z.maxLength(limits.tags))),
  attachments: z.optional(z.array(attachmentSchema).check(z.maxLength(limits.attachments))),
  scheduled_at: z.optional(
    z
      .string()
      .check(
        z.maxLength(200),
        z.describe('ISO 8601 with a zone, or plain English such as `in 1 min`; at most 30 days ahead'),
      ),
  ),
});

export type EmailInput = z.infer<typeof emailSchema>;
