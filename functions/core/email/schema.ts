import * as z from 'zod/mini';
import { storableNumber } from '../validate.ts';

/** The limits of one email, from the quotas of SES and from resend-openapi 1.5.0. */
export const limits = {
  recipients: 50,
  subjectLength: 998,
  tags: 50,
  tagLength: 256,
  headers: 100,
  headerValueLength: 8_000,
  /** RFC 5322 2.1.1: a line has at most 998 characters. Longer values are folded, but a word cannot be. */
  headerWordLength: 997,
  attachments: 100,
  fileNameLength: 255,
  /** The whole MIME message: SES v1 takes 10 MB. */
  messageBytes: 10_000_000,
  batch: 100,
  scheduleDays: 30,
  idempotencyKeyLength: 256,
} as const;

/** The message tag with the id of the email, which SES repeats in every event; callers cannot use its name. */
export const EMAIL_ID_TAG = 'sendoff-email-id';
/** The same for the broadcast that an email belongs to. */
export const BROADCAST_ID_TAG = 'sendoff-broadcast-id';

/** An optional field; null means absent, as some clients send it for fields that are not given. */
const optional = <T extends z.ZodMiniType>(schema: T) =>
  z.optional(
    z.pipe(
      z.nullable(schema),
      z.transform((value) => value ?? undefined),
    ),
  );

const address = z.string().check(z.describe('`email@example.com` or `Name <email@example.com>`'));
const recipients = z.union([address, z.array(address).check(z.maxLength(limits.recipients))]);

const bytesSchema = { type: 'array', items: { type: 'integer', minimum: 0, maximum: 255 } };
const contentSchema = {
  anyOf: [
    { type: 'string', description: 'base64, or iCalendar as it is' },
    bytesSchema,
    {
      type: 'object',
      properties: { type: { const: 'Buffer' }, data: bytesSchema },
      required: ['type', 'data'],
      additionalProperties: false,
    },
  ],
};
/** A file as base64. Bytes are checked by plain code: a schema would report each of millions of wrong bytes. */
const fileContent = z.pipe(
  z.unknown().check(z.meta(contentSchema)),
  z.transform((input, { issues }) => {
    const text = typeof input === 'string' ? textToBase64(input) : bytesToBase64(input);
    const message = 'it must be base64, an array of bytes (0 to 255), or a serialized Node Buffer.';
    if (text === undefined) issues.push({ code: 'custom', input, message });
    return text ?? '';
  }),
);

/** Laravel and Resend's own example send iCalendar as plain text; its first line is never base64. */
const textToBase64 = (input: string): string =>
  /^\s*BEGIN:VCALENDAR\s/.test(input) ? Buffer.from(input.trimStart()).toString('base64') : input;

/** Reads an array of bytes, as Go, Python, Ruby and Rust send it, or a Node Buffer as JSON.stringify writes it. */
function bytesToBase64(input: unknown): string | undefined {
  const bytes = Array.isArray(input) ? input : bytesOfBuffer(input);
  return bytes?.every(isByte) ? Buffer.from(bytes).toString('base64') : undefined;
}

function bytesOfBuffer(input: unknown): unknown[] | undefined {
  if (typeof input !== 'object' || input === null || !('type' in input) || !('data' in input)) return undefined;
  const { type, data, ...others } = input;
  return type === 'Buffer' && Array.isArray(data) && Object.keys(others).length === 0 ? data : undefined;
}

const isByte = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255;

const contentId = z.string().check(z.maxLength(127), z.describe('For inline images: <img src="cid:…">'));
const contentType = z.string().check(z.maxLength(255));

export const attachmentSchema = z.strictObject({
  filename: optional(z.string().check(z.maxLength(limits.fileNameLength))),
  content: optional(fileContent),
  path: optional(z.string().check(z.describe('An https URL to fetch the file from when the email is sent'))),
  content_type: optional(contentType),
  contentType: optional(contentType.check(z.describe('Another name of `content_type`, which the Rust client uses'))),
  content_id: optional(contentId),
  inline_content_id: optional(contentId.check(z.describe('The older name of `content_id`'))),
});

const tagText = z
  .string()
  .check(
    z.regex(/^[A-Za-z0-9_-]+$/, 'Tags should only contain ASCII letters, numbers, underscores, or dashes.'),
    z.maxLength(limits.tagLength),
  );

/** PHP writes an empty map as `[]`. */
const headers = z.pipe(
  z.union([
    z.record(z.string(), z.string().check(z.maxLength(limits.headerValueLength))),
    z.array(z.unknown()).check(z.maxLength(0, 'it must be an object of names and values.')),
  ]),
  z.transform((given): Record<string, string> => (Array.isArray(given) ? {} : given)),
);

const template = z.strictObject({
  id: z.string().check(z.minLength(1), z.maxLength(500), z.describe('The id or the alias of a published template')),
  variables: optional(z.record(z.string(), z.nullable(z.union([z.string(), storableNumber])))),
});

/** The field `template` of a request. */
export const templateSchema = z.object({ template });

/** An email without its template, which is read first: it can give the sender, the subject and `reply_to`. */
export const emailSchema = z.strictObject({
  from: address,
  to: recipients,
  subject: z.string().check(z.maxLength(limits.subjectLength)),
  cc: optional(recipients),
  bcc: optional(recipients),
  reply_to: optional(recipients),
  html: optional(z.string()),
  text: optional(z.string().check(z.describe('Without it a text part is made of the html; an empty one means none'))),
  headers: optional(headers),
  tags: optional(z.array(z.strictObject({ name: tagText, value: tagText })).check(z.maxLength(limits.tags))),
  attachments: optional(z.array(attachmentSchema).check(z.maxLength(limits.attachments))),
  scheduled_at: optional(
    z
      .string()
      .check(
        z.maxLength(200),
        z.describe('ISO 8601 with a zone, or plain English such as `in 1 min`; at most 30 days ahead'),
      ),
  ),
  template: z.optional(z.null()),
  topic_id: optional(
    z
      .string()
      .check(
        z.minLength(1),
        z.maxLength(100),
        z.describe('Recipients who do not subscribe to this topic are left out'),
      ),
  ),
});

/** The body of `POST /emails`, as /openapi.json describes it. */
export const emailRequestSchema = z.extend(emailSchema, {
  from: optional(address),
  subject: optional(emailSchema.def.shape.subject),
  template: optional(template),
});

export type EmailInput = z.infer<typeof emailSchema>;
