import { formatMailbox, parseMailbox } from '../email/address.ts';
import { invalid, SendoffError } from '../errors.ts';
import { placeholdersOf } from './placeholders.ts';

/** A variable of a template. */
export type TemplateVariable = {
  readonly key: string;
  readonly type: 'string' | 'number';
  /** Absent: a value must be given. */
  readonly fallbackValue?: string | number;
};

/** The content of a version. */
export type TemplateContent = {
  readonly html: string;
  /** Absent: made from the html when an email is sent; empty: no text part. */
  readonly text?: string;
  readonly from?: string;
  readonly subject?: string;
  readonly replyTo?: readonly string[];
  readonly variables: readonly TemplateVariable[];
};

/** A version. It does not change once it is frozen. */
export type TemplateVersion = {
  readonly id: string;
  readonly templateId: string;
  readonly content: TemplateContent;
  /** Counts the changes of a draft; concurrent changes compare it. */
  readonly revision: number;
  /** Set before it is published; a change then makes another version. */
  readonly frozen?: boolean;
};

/** The part of the published version that accepting an email needs. */
export type PublishedVersion = Omit<TemplateContent, 'html' | 'text'> & {
  readonly versionId: string;
  readonly atMs: number;
  /** The size of html and text. */
  readonly bytes: number;
  /** The variables that need a value: a placeholder and the variable itself have no fallback. */
  readonly required: readonly string[];
};

/** A template. Its content is in its versions. Times are epoch ms. */
export type Template = {
  readonly id: string;
  readonly name: string;
  readonly alias?: string;
  /** The newest version: the draft, or the published one if nothing has changed since. */
  readonly versionId: string;
  readonly published?: PublishedVersion;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

export const TEMPLATE_PARTITION = 'template';
export const templateKey = (id: string): string => `template#${id}`;
export const versionKey = (versionId: string): string => `template-version#${versionId}`;
/** The versions of a template that were published before the present one, by the time of their publish (`timeSort`). */
export const versionsPartition = (templateId: string): string => `template-versions#${templateId}`;
export const aliasKey = (alias: string): string => `template-alias#${alias}`;

export const templateLimits = {
  nameLength: 200,
  aliasLength: 100,
  variables: 50,
  keyLength: 50,
  valueLength: 2_000,
  /** A DynamoDB item has at most 400 KB. */
  contentBytes: 350_000,
} as const;

/** Keys that stand for the recipient or for Sendoff; no variable has one of them. */
const RESERVED = ['FIRST_NAME', 'LAST_NAME', 'EMAIL', 'UNSUBSCRIBE_URL', 'RESEND_UNSUBSCRIBE_URL', 'contact', 'this'];
const isReserved = (key: string): boolean => RESERVED.includes(key) || key.startsWith('contact.');

/** Checks the content of a template as a whole; throws a 422 that names the field. Answers it with addresses in their normal form. */
export function checkContent(content: TemplateContent): TemplateContent {
  const { from, replyTo, variables } = content;
  const keys = variables.map(({ key }) => key);
  for (const [index, { key, type, fallbackValue }] of variables.entries()) {
    const field = `variables.${index}`;
    if (isReserved(key)) throw invalid(`Invalid \`${field}.key\` field: \`${key}\` is reserved.`, 'validation_error');
    if (keys.indexOf(key) !== index) throw invalid(`Invalid \`${field}.key\` field: \`${key}\` is there twice.`);
    if (fallbackValue !== undefined && typeof fallbackValue !== type)
      throw invalid(`Invalid \`${field}.fallback_value\` field: it must be of type ${type}.`);
  }
  for (const { key } of allPlaceholders(content)) if (!keys.includes(key) && !isReserved(key)) throw undeclared(key);
  if (bytesOf(content) > templateLimits.contentBytes)
    throw invalid(
      `The template is too large: \`html\` and \`text\` have at most ${templateLimits.contentBytes} bytes.`,
    );
  return {
    ...content,
    ...(from === undefined ? {} : { from: formatMailbox(parseMailbox(from, 'from')) }),
    ...(replyTo === undefined ? {} : { replyTo: replyTo.map((one) => formatMailbox(parseMailbox(one, 'reply_to'))) }),
  };
}

/** The message is Resend's. */
const undeclared = (key: string): SendoffError =>
  new SendoffError(
    'validation_error',
    422,
    `Variable '${key}' is used in the template but not defined in the variables list`,
  );

/** The part of a version that accepting an email needs. */
export function publishedVersion({ id, content }: TemplateVersion, atMs: number): PublishedVersion {
  const { from, subject, replyTo, variables } = content;
  const open = allPlaceholders(content)
    .filter(({ fallback }) => fallback === undefined)
    .map(({ key }) => key);
  const required = variables.filter(({ key, fallbackValue }) => fallbackValue === undefined && open.includes(key));
  return {
    versionId: id,
    atMs,
    ...(from === undefined ? {} : { from }),
    ...(subject === undefined ? {} : { subject }),
    ...(replyTo === undefined ? {} : { replyTo }),
    variables,
    bytes: bytesOf(content),
    required: required.map(({ key }) => key),
  };
}

const allPlaceholders = ({ html, text = '', subject = '' }: Pick<TemplateContent, 'html' | 'text' | 'subject'>) =>
  [html, text, subject].flatMap(placeholdersOf);

const bytesOf = ({ html, text = '' }: Pick<TemplateContent, 'html' | 'text'>): number =>
  Buffer.byteLength(html) + Buffer.byteLength(text);
