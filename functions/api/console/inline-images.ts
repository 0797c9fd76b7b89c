/** An attachment that the html may show, `content` in base64. */
export interface Inline {
  readonly content?: string | undefined;
  readonly contentId?: string | undefined;
  readonly contentType?: string | undefined;
  readonly filename?: string | undefined;
}

/** Lambda answers at most 6 MB. */
const MOST_CHARACTERS = 4 * 1024 * 1024;
const IMAGE_TYPE = /^image\/[\w.+-]+$/;
const TYPES: Readonly<Record<string, string>> = {
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  png: 'image/png',
  svg: 'image/svg+xml',
  webp: 'image/webp',
};

/**
 * The html with its inline images (`cid:`) as data URLs, as long as they fit; behind the doctype or head, links get a target that the
 * sandbox opens nowhere.
 */
export function withInlineImages(html: string, attachments: readonly Inline[]): string {
  const images = new Map(
    attachments.flatMap(({ contentId, ...image }) =>
      contentId === undefined ? [] : [[contentId.replace(/^<|>$/g, ''), image] as const],
    ),
  );
  let characters = html.length;
  const shown = html.replace(/\bcid:([^"'\s)>]+)/gi, (reference, id: string) => {
    const image = images.get(id) ?? images.get(decoded(id));
    const type = image && typeOf(image);
    if (!image?.content || !type || characters + image.content.length > MOST_CHARACTERS) return reference;
    characters += image.content.length;
    return `data:${type};base64,${image.content}`;
  });
  return withLinkTarget(shown);
}

function typeOf({ contentType = '', filename = '' }: Inline): string | undefined {
  if (IMAGE_TYPE.test(contentType)) return contentType;
  return TYPES[/\.(\w+)$/.exec(filename)?.[1]?.toLowerCase() ?? ''];
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

/** The first `target` of a page counts. Before the doctype it would switch the browser to quirks mode. */
function withLinkTarget(html: string): string {
  const place = /<head\b[^>]*>/i.exec(html) ?? /^\s*<!doctype[^>]*>/i.exec(html);
  const end = place ? place.index + place[0].length : 0;
  return `${html.slice(0, end)}<base target="_blank">${html.slice(end)}`;
}
