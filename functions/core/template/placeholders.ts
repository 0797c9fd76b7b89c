/**
 * `{{{KEY}}}` or `{{{KEY|fallback}}}`, with blanks around the key. A fallback has no braces, so that one pass over a text finds all
 * placeholders in linear time.
 */
const PLACEHOLDER = /\{\{\{[ \t]*([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)?)[ \t]*(?:\|([^{}]*))?\}\}\}/g;

/** A placeholder of a text. */
export interface Placeholder {
  readonly key: string;
  /** The text behind the bar, without blanks at its ends; absent without a bar. */
  readonly fallback?: string;
}

/** The placeholders of a text, in order. */
export function placeholdersOf(text: string): Placeholder[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, key = '', fallback]) => ({
    key,
    ...(fallback === undefined ? {} : { fallback: fallback.trim() }),
  }));
}

/**
 * The text with each placeholder replaced once: by the value of its key, by its fallback, by what `lastResort` answers, or by nothing.
 * Inserted text is not searched for placeholders.
 */
export function fill(
  text: string,
  lookUp: (key: string) => string | undefined,
  lastResort: (key: string) => string | undefined = () => undefined,
): string {
  return text.replace(
    PLACEHOLDER,
    (_whole, key: string, fallback?: string) => lookUp(key) ?? fallback?.trim() ?? lastResort(key) ?? '',
  );
}

/** The text on one line: a line break in a value must not become a header. */
export const onOneLine = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must not pass.
  text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, ' ');
