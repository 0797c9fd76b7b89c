import type { Email } from 'postal-mime';
import { attachmentBytes } from './mail.ts';

/**
 * The policy for a mail's HTML, in the frame and when opened by itself: no scripts, no forms, no origin of ours;
 * remote images and styles show, as in a mail program that was told to load them.
 */
export const mailContentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'unsafe-inline' https: http:",
  'img-src data: https: http:',
  'font-src data: https: http:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  'sandbox allow-popups allow-popups-to-escape-sandbox',
].join('; ');

/** Links of a mail open in a tab of their own; in the frame most sites refuse to show. */
const linkTarget = '<base target="_blank">';

/** The HTML part as a page of its own, inline images (`cid:`) put in as data URLs; undefined without an HTML part. */
export function mailHtml(email: Email): string | undefined {
  if (!email.html) return undefined;
  const images = new Map(
    email.attachments.flatMap((attachment) =>
      attachment.contentId ? [[attachment.contentId.replace(/^<|>$/g, ''), attachment] as const] : [],
    ),
  );
  const html = email.html.replace(/\bcid:([^"'\s)>]+)/gi, (reference, id: string) => {
    const image = images.get(id) ?? images.get(decodedId(id));
    return image ? `data:${image.mimeType};base64,${attachmentBytes(image).toString('base64')}` : reference;
  });
  return withLinkTarget(html);
}

function decodedId(id: string): string {
  return /%(?![0-9a-f]{2})/i.test(id) ? id : decodeURIComponent(id);
}

/** Behind `<head>` or the doctype, since anything before the doctype would switch the browser to quirks mode. */
function withLinkTarget(html: string): string {
  const place = /<head\b[^>]*>/i.exec(html) ?? /^\s*<!doctype[^>]*>/i.exec(html);
  const end = place ? place.index + place[0].length : 0;
  return html.slice(0, end) + linkTarget + html.slice(end);
}
