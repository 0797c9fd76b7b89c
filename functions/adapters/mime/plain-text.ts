import type { HtmlToTextOptions } from 'html-to-text';

/** More is not read: the converter takes time by the square of the tags, and Gmail shows 102 KB. */
const MAX_HTML_LENGTH = 500_000;
const MAX_TAGS = 20_000;
/** Deeper HTML is no layout: a nest of tables in an email has some forty levels. */
const MAX_DEPTH = 100;
/** Quotes in quotes repeat their marks on every line. */
const MAX_TEXT_LENGTH = 2 * MAX_HTML_LENGTH;
/** What the converter writes for what is deeper. */
const LEFT_OUT = '\0';

/** As `react-email` has it: no images, an address once. Lines are not wrapped, which is up to the reader. */
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
 * The text part for an email that has html alone; the same for the same html. Undefined when nothing is left to read, or
 * the html is too large (500,000 characters, 20,000 tags, 100 levels): then the email has no text part.
 */
export async function plainTextOf(html: string): Promise<string | undefined> {
  if (html.length > MAX_HTML_LENGTH || (html.match(/<[a-z/]/gi)?.length ?? 0) > MAX_TAGS) return undefined;
  // Only emails without a text of their own need it: a cold start must not wait for it.
  converter ??= import('html-to-text').then(({ compile }) => compile(options));
  const text = readable(await converter, html);
  return text === undefined || text.length > MAX_TEXT_LENGTH || text.includes(LEFT_OUT) ? undefined : text;
}

function readable(convert: (html: string) => string, html: string): string | undefined {
  try {
    return convert(html).trim() || undefined;
  } catch {
    // A fault of the converter must not keep an email from being sent: it is worth more than its text part.
    return undefined;
  }
}
