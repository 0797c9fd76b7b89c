/** The namespace every SES v1 answer carries. */
const NAMESPACE = 'http://ses.amazonaws.com/doc/2010-12-01/';

/** The content of an answer: text, elements, a list of `<member>`s, or a map of `<entry>`s. */
export type XmlContent =
  | string
  | number
  | boolean
  | XmlContent[]
  | Map<string, XmlContent>
  | { [element: string]: XmlContent | undefined };

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Escapes text for XML, dropping what XML 1.0 cannot hold (control characters, lone surrogates). */
export function escapeXml(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters XML 1.0 forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replace(/[&<>"']/g, (character) => escapes[character] ?? character)
  );
}

function render(content: XmlContent): string {
  if (Array.isArray(content)) return content.map((member) => `<member>${render(member)}</member>`).join('');
  if (content instanceof Map)
    return [...content].map(([key, value]) => `<entry>${render({ key, value })}</entry>`).join('');
  if (typeof content !== 'object') return escapeXml(String(content));
  return Object.entries(content)
    .map(([name, inner]) => (inner === undefined ? '' : `<${name}>${render(inner)}</${name}>`))
    .join('');
}

/** Renders the answer to an action: `<XResponse><XResult>…</XResult><ResponseMetadata>…`. */
export function resultXml(action: string, result: XmlContent, requestId: string): string {
  const body = render({ [`${action}Result`]: result, ResponseMetadata: { RequestId: requestId } });
  return `<${action}Response xmlns="${NAMESPACE}">${body}</${action}Response>`;
}

/** Renders an error as SES v1 does. */
export function errorXml(error: { type: string; code: string; message: string }, requestId: string): string {
  const body = render({
    Error: { Type: error.type, Code: error.code, Message: error.message },
    RequestId: requestId,
  });
  return `<ErrorResponse xmlns="${NAMESPACE}">${body}</ErrorResponse>`;
}
