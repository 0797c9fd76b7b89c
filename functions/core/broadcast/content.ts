/**
 * The content of a broadcast, and how it becomes the email of one recipient: `prepareContent` once for each content, `renderFor` for each
 * recipient.
 */

import { limits } from '../email/schema.ts';
import { invalid } from '../errors.ts';
import { fill, onOneLine, placeholdersOf } from '../template/placeholders.ts';
import { templateLimits } from '../template/template.ts';

/** The subject and bodies of a broadcast. They are stored once and never change. */
export type BroadcastContent = {
  readonly id: string;
  readonly subject: string;
  readonly html?: string;
  /** Absent: made from the html; empty: no text part. */
  readonly text?: string;
  /** Shown by mail clients beside the subject; hidden at the head of the html. */
  readonly previewText?: string;
  /** The fallbacks of the variables of the template that it was copied from. */
  readonly fallbacks?: { readonly [key: string]: string | number };
};

export const contentKey = (contentId: string): string => `broadcast-content#${contentId}`;

/** A content that is ready to be filled for any number of recipients. */
export interface PreparedContent {
  readonly subject: string;
  readonly html?: string;
  readonly text?: string;
  readonly fallbacks: { readonly [key: string]: string | number };
}

/** The recipient of the email: a contact, or a recipient of a list, whose variables are `properties`. */
export interface MergeRecipient {
  readonly email: string;
  readonly firstName?: string | undefined;
  readonly lastName?: string | undefined;
  readonly properties?: { readonly [key: string]: string | number | boolean } | undefined;
}

/** The values of placeholders that do not come from the recipient. */
export interface MergeLookups {
  /** The link of this recipient, for `{{{RESEND_UNSUBSCRIBE_URL}}}`. */
  readonly unsubscribeUrl: string;
  /** The fallback of a contact property; used after the fallback of the placeholder. */
  propertyFallback?(key: string): string | number | boolean | undefined;
}

/** The content of one recipient's email. At least one of html and text is there. */
export interface RenderedContent {
  readonly subject: string;
  readonly html?: string;
  readonly text?: string;
}

const UNSUBSCRIBE_KEYS = ['RESEND_UNSUBSCRIBE_URL', 'UNSUBSCRIBE_URL'];
const UNSUBSCRIBE = `{{{${UNSUBSCRIBE_KEYS[0]}}}}`;
const HTML_FOOTER = `<p style="margin:24px 0 0;font-size:12px;color:#666666;text-align:center"><a href="${UNSUBSCRIBE}" style="color:#666666">Unsubscribe</a></p>`;
const TEXT_FOOTER = `\n\n--\nUnsubscribe: ${UNSUBSCRIBE}\n`;

/** Checks the size; throws a 422. */
export function checkContentSize({ html = '', text = '' }: Pick<BroadcastContent, 'html' | 'text'>): void {
  if (Buffer.byteLength(html) + Buffer.byteLength(text) > templateLimits.contentBytes)
    throw invalid(
      `The broadcast is too large: \`html\` and \`text\` have at most ${templateLimits.contentBytes} bytes together.`,
    );
}

/**
 * Makes what all recipients share: the text part where it is absent, the hidden preview text, and with `footer` an unsubscribe link in each
 * part that has no placeholder for it.
 *
 * @param toText makes a text of html; undefined when there is none to be made.
 */
export async function prepareContent(
  { subject, html, text, previewText, fallbacks = {} }: BroadcastContent,
  { footer, toText }: { footer: boolean; toText: (html: string) => Promise<string | undefined> },
): Promise<PreparedContent> {
  const textPart = text ?? (html ? await toText(html) : undefined);
  return {
    subject,
    fallbacks,
    ...(html ? { html: withPreview(footer ? withHtmlFooter(html) : html, previewText) } : {}),
    // An empty text stays empty: it means that there is no text part.
    ...(textPart === undefined ? {} : { text: footer && textPart ? withTextFooter(textPart) : textPart }),
  };
}

/**
 * The email of one recipient. Each placeholder is replaced once, in linear time; what is inserted is not read again. Values are escaped
 * in the html, and on one line in the subject. A placeholder without value is replaced by its fallback, the property's fallback, or
 * nothing.
 */
export function renderFor(
  { subject, html, text, fallbacks }: PreparedContent,
  recipient: MergeRecipient,
  { unsubscribeUrl, propertyFallback = () => undefined }: MergeLookups,
): RenderedContent {
  const value = (key: string): string | undefined =>
    UNSUBSCRIBE_KEYS.includes(key) ? unsubscribeUrl : recipientValue(key, recipient);
  const lastResort = (key: string): string | undefined => {
    const name = withoutPrefix(key);
    return textOf(Object.hasOwn(fallbacks, name) ? fallbacks[name] : propertyFallback(name));
  };
  const merge = (part: string, written: (value: string) => string) =>
    fill(part, mapped(value, written), mapped(lastResort, written));
  return {
    subject: onOneLine(merge(subject, (text) => text))
      .slice(0, limits.subjectLength)
      .toWellFormed(),
    ...(html === undefined ? {} : { html: merge(html, escapeHtml) }),
    ...(text === undefined ? {} : { text: merge(text, (text) => text) }),
  };
}

const mapped =
  (lookUp: (key: string) => string | undefined, written: (value: string) => string) =>
  (key: string): string | undefined => {
    const found = lookUp(key);
    return found === undefined ? undefined : written(found);
  };

const withoutPrefix = (key: string): string => key.replace(/^contact\./, '');

/** The recipient's value of a placeholder; undefined when there is none, or an empty one. */
function recipientValue(
  key: string,
  { email, firstName, lastName, properties = {} }: MergeRecipient,
): string | undefined {
  const name = withoutPrefix(key);
  const own = (property: string) => textOf(Object.hasOwn(properties, property) ? properties[property] : undefined);
  if (name === 'EMAIL' || name === 'email') return email;
  if (name === 'FIRST_NAME' || name === 'first_name')
    return textOf(firstName) ?? own('first_name') ?? own('FIRST_NAME');
  if (name === 'LAST_NAME' || name === 'last_name') return textOf(lastName) ?? own('last_name') ?? own('LAST_NAME');
  return own(name);
}

const textOf = (value: string | number | boolean | undefined): string | undefined =>
  value === undefined || value === '' ? undefined : String(value);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The text as it stands in html, in an attribute too. */
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

const hasUnsubscribe = (part: string): boolean =>
  placeholdersOf(part).some(({ key }) => UNSUBSCRIBE_KEYS.includes(key));

function withHtmlFooter(html: string): string {
  if (hasUnsubscribe(html)) return html;
  const end = [...html.matchAll(/<\/body/gi)].at(-1)?.index ?? html.length;
  return html.slice(0, end) + HTML_FOOTER + html.slice(end);
}

const withTextFooter = (text: string): string => (hasUnsubscribe(text) ? text : text + TEXT_FOOTER);

/** The preview text at the head of the body, where mail clients look for it and people do not see it. */
function withPreview(html: string, previewText: string | undefined): string {
  if (!previewText) return html;
  const preview = `<div data-skip-in-text="true" style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0">${escapeHtml(previewText)}</div>`;
  const at = headOf(html);
  return html.slice(0, at) + preview + html.slice(at);
}

/** The position where the visible html begins: after `<body>`, otherwise after the head or the document type. */
function headOf(html: string): number {
  const before = /<body[\s>]/i.exec(html) ?? /<\/head\s?>/i.exec(html) ?? /^\s*<!doctype\s/i.exec(html);
  // Not in one expression: `<body[^>]*>` takes a time that grows with the square of the html.
  return before ? html.indexOf('>', before.index) + 1 : 0;
}
