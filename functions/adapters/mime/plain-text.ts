import type { HtmlToTextOptions } from 'html-to-text';

/** Larger html is not converted: the time grows with the square of the tags, and Gmail shows only 102 KB. */
const MAX_HTML_LENGTH = 500_000;
const MAX_TAGS = 20_000;
/** Deeper html is no layout: nested tables of an email have some forty levels. */
const MAX_DEPTH = 100;
/** Nested quotes repeat their marks on every line, so the text can be longer than the html. */
const MAX_TEXT_LENGTH = 2 * MAX_HTML_LENGTH;
/** The converter writes this in place of html that is deeper. */
const LEFT_OUT = '\0';

/** The rules of `react-email`: no images, no repeated addresses. Lines are not wrapped: mail clients do it. */
const options: HtmlToTextOptions = {
  wordwrap: false,
  limits: { maxDepth: MAX_DEPTH, ellipsis: LEFT_OUT },
  selectors: [
    { selector: 'img', format: 'skip' },
    { selector: 'title', format: 'skip' },
    { selector: '[data-skip-in-text=true]', format: 'skip' },
    { selector: 'a', options: { linkBrackets: false, hideLinkHrefIfSameAsText: true } },
  ],
};

let converter: Promise<(html: string) => string> | undefined;

/**
 * The text part for an email that has only html; the same html always makes the same text. Undefined when the html holds no
 * text or is too large (500,000 characters, 20,000 tags, 100 levels): then the email has no text part.
 */
export async function plainTextOf(html: string): Promise<string | undefined> {
  if (html.length > MAX_HTML_LENGTH || (html.match(/<[a-z/]/gi)?.length ?? 0) > MAX_TAGS) return undefined;
  // A cold start does not load it: only emails without a text need it.
  converter ??= import('html-to-text').then(({ compile }) => compile(options));
  const text = readable(await converter, html);
  return text === undefined || text.length > MAX_TEXT_LENGTH || text.includes(LEFT_OUT) ? undefined : text;
}

function readable(convert: (html: string) => string, html: string): string | undefined {
  try {
    return convert(html).trim() || undefined;
  } catch {
    // A fault of the converter must not keep the email from being sent.
    return undefined;
  }
}
