import { invalid } from '../errors.ts';
import type { PrepareTemplate, UsedTemplate } from '../template/use.ts';
import { validate } from '../validate.ts';
import { parseScheduledAt } from './accept/schedule-time.ts';
import { type Mailbox, parseMailbox } from './address.ts';
import { isFileType } from './content-type.ts';
import { checkHeaders, hasLongBlanks, MAX_BLANKS } from './headers.ts';
import { contentBytes } from './message-size.ts';
import { checkOwnHeaders } from './own-headers.ts';
import { BROADCAST_ID_TAG, EMAIL_ID_TAG, type EmailInput, emailSchema, limits, templateSchema } from './schema.ts';

/** An attachment: its bytes as base64, or the URL to fetch them from. */
export interface Attachment {
  readonly filename?: string;
  readonly content?: string;
  readonly path?: string;
  readonly contentType?: string;
  readonly contentId?: string;
}

/** A valid email: every address is parsed, every limit checked. */
export interface Email {
  readonly from: Mailbox;
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly bcc: readonly Mailbox[];
  readonly replyTo: readonly Mailbox[];
  readonly subject: string;
  /** In place of `html` and `text`. */
  readonly template?: UsedTemplate;
  readonly html?: string;
  /** Absent: made from the html; empty: no text part. */
  readonly text?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: readonly { readonly name: string; readonly value: string }[];
  readonly attachments: readonly Attachment[];
  /** Epoch ms; absent: now. */
  readonly scheduledAtMs?: number;
  /** Recipients who do not subscribe to this topic are left out. */
  readonly topicId?: string;
}

/** The documents that an email can name; it must not name what is absent here. */
export interface Referable {
  readonly prepareTemplate?: PrepareTemplate;
  /** Throws a 404 if there is no such topic. */
  readonly checkTopic?: (id: string) => Promise<unknown>;
}

/** Parses the body of `POST /emails`; throws a 422 that names the first wrong field, or a 404 for what it names. */
export async function parseEmail(
  given: unknown,
  nowMs: number,
  { prepareTemplate, checkTopic }: Referable = {},
): Promise<Email> {
  const { input, template } = await withTemplate(given, prepareTemplate);
  const fields = validate(emailSchema, input, Object.keys(emailSchema.def.shape));
  const topicId = fields.topic_id;
  if (topicId !== undefined && !checkTopic) throw invalid('The field `topic_id` is not supported here.');
  const replyTo = mailboxes(fields.reply_to, 'reply_to');
  const email: Email = {
    from: parseMailbox(fields.from, 'from'),
    to: mailboxes(fields.to, 'to'),
    cc: mailboxes(fields.cc, 'cc'),
    bcc: mailboxes(fields.bcc, 'bcc'),
    replyTo,
    subject: singleLine(fields.subject, 'subject'),
    ...(template ? { template } : {}),
    ...(fields.html ? { html: fields.html } : {}),
    // An empty text is kept: it means that no text part is made from the html.
    ...(fields.text === undefined ? {} : { text: fields.text }),
    headers: checkHeaders(withoutReplyTo(fields.headers ?? {}, replyTo)),
    tags: checkTags(fields.tags ?? []),
    attachments: (fields.attachments ?? []).map(withOneName).map(parseAttachment),
    ...(topicId === undefined ? {} : { topicId }),
    ...(fields.scheduled_at === undefined ? {} : { scheduledAtMs: await parseScheduledAt(fields.scheduled_at, nowMs) }),
  };
  checkTogether(email);
  if (topicId !== undefined) await checkTopic?.(topicId);
  return email;
}

/** The request with the sender, subject and `reply_to` of its template, where it has none of its own. */
async function withTemplate(
  given: unknown,
  prepareTemplate: PrepareTemplate | undefined,
): Promise<{ input: unknown; template?: UsedTemplate }> {
  if (typeof given !== 'object' || given === null || !('template' in given) || given.template == null)
    return { input: given };
  const { template: reference, ...request } = given as Record<string, unknown>;
  if (!prepareTemplate) throw invalid('The field `template` is not supported here.');
  if (request.html != null || request.text != null)
    throw invalid('Give either `template` or `html` and `text`, not both.', 'validation_error');
  const { used, from, subject, replyTo } = await prepareTemplate(
    validate(templateSchema, { template: reference }).template,
  );
  const input = {
    ...request,
    from: request.from ?? from,
    subject: request.subject ?? subject,
    ...(request.reply_to == null && replyTo ? { reply_to: replyTo } : {}),
  };
  return { input, template: used };
}

function mailboxes(value: string | readonly string[] | undefined, field: string): Mailbox[] {
  const texts = typeof value === 'string' ? [value] : (value ?? []);
  return texts.map((text) => parseMailbox(text, field));
}

/** Symfony's transport repeats `reply_to` as a header; one with the same addresses is left out. */
function withoutReplyTo(
  headers: Readonly<Record<string, string>>,
  replyTo: readonly Mailbox[],
): Record<string, string> {
  const wanted = new Set(replyTo.map(({ address }) => address.toLowerCase()));
  const repeats = (value: string) => {
    const found = new Set(value.toLowerCase().match(/[^\s<>,;]+@[^\s<>,;]+/g));
    return found.size > 0 && found.size === wanted.size && [...found].every((address) => wanted.has(address));
  };
  const kept = Object.entries(headers).filter(([name, value]) => name.toLowerCase() !== 'reply-to' || !repeats(value));
  return Object.fromEntries(kept);
}

function checkTags(tags: Email['tags']): Email['tags'] {
  for (const own of [EMAIL_ID_TAG, BROADCAST_ID_TAG])
    if (tags.some(({ name }) => name === own))
      throw invalid(`Invalid \`tags\` field: the name ${own} is Sendoff's own.`);
  return tags;
}

/** The text; throws a 422 if it has a control character. */
export function singleLine(text: string, field: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must not pass.
  if (/[\u0000-\u001f\u007f]/.test(text))
    throw invalid(`Invalid \`${field}\` field. It has a line break or another control character.`);
  return text;
}

type GivenAttachment = NonNullable<EmailInput['attachments']>[number];

/** The attachment under the current field names; throws a 422 when an old and a new name disagree. */
function withOneName(given: GivenAttachment, index: number): GivenAttachment {
  const { contentType, inline_content_id, ...attachment } = given;
  for (const [name, old, value] of [
    ['content_type', 'contentType', contentType],
    ['content_id', 'inline_content_id', inline_content_id],
  ] as const)
    if (value !== undefined && attachment[name] !== undefined && attachment[name] !== value)
      throw invalid(
        `Invalid \`attachments.${index}\`: \`${name}\` and \`${old}\` are two names of one field, and differ.`,
        'invalid_attachment',
      );
  return {
    ...attachment,
    content_type: attachment.content_type ?? contentType,
    content_id: attachment.content_id ?? inline_content_id,
  };
}

function parseAttachment(given: GivenAttachment, index: number): Attachment {
  const field = `attachments.${index}`;
  const refuse = (why: string) => invalid(`Invalid \`${field}\`: ${why}`, 'invalid_attachment');
  if ((given.content === undefined) === (given.path === undefined))
    throw invalid(
      `Attachment must have either a \`content\` or \`path\`. \`${field}\` has ${given.path === undefined ? 'neither' : 'both'}.`,
      'invalid_attachment',
    );
  for (const name of ['content_type', 'content_id'] as const) singleLine(given[name] ?? '', `${field}.${name}`);
  if (hasLongBlanks(given.filename ?? '')) throw refuse(`\`filename\` has more than ${MAX_BLANKS} blanks in a row.`);
  if (given.content_type !== undefined && !isFileType(given.content_type))
    throw refuse('`content_type` must be a media type such as `image/png`, and not multipart.');
  if (given.content_id !== undefined && !/^[!-;=?-~]+$/.test(given.content_id))
    throw refuse('`content_id` must be ASCII, without spaces or angle brackets.');
  if (given.path !== undefined && !isHttpsUrl(given.path)) throw refuse('`path` must be an https URL.');
  return {
    ...(given.filename === undefined ? {} : { filename: singleLine(given.filename, `${field}.filename`) }),
    ...(given.content === undefined ? {} : { content: toBase64(given.content, refuse) }),
    ...(given.path === undefined ? {} : { path: given.path }),
    ...(given.content_type === undefined ? {} : { contentType: given.content_type }),
    ...(given.content_id === undefined ? {} : { contentId: given.content_id }),
  };
}

function toBase64(content: string, refuse: (why: string) => Error): string {
  const compact = content.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(compact) || compact.replace(/=+$/, '').length % 4 === 1)
    throw refuse('`content` is not valid base64.');
  return compact;
}

function isHttpsUrl(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:';
}

function checkTogether(email: Email): void {
  const count = email.to.length + email.cc.length + email.bcc.length;
  if (email.to.length === 0) throw invalid('Missing `to` field.', 'missing_required_field');
  if (count > limits.recipients) {
    throw invalid(
      `Too many recipients: ${count} in \`to\`, \`cc\` and \`bcc\`; Amazon SES takes ${limits.recipients} an email.`,
    );
  }
  checkOwnHeaders(email.headers, count);
  if (!email.html && !email.text && !email.template)
    throw invalid('Missing `html` or `text` field.', 'missing_required_field');
  const bytes = contentBytes(email);
  if (bytes > limits.messageBytes) {
    throw invalid(
      `The email is too large: ${bytes} bytes after encoding; Amazon SES takes ${limits.messageBytes}.`,
      'invalid_attachment',
    );
  }
}
