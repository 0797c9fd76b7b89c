import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The inbox's page as it is served, with the policy that lets in nothing but its own style and script. */
export type InboxPage = { html: string; contentSecurityPolicy: string };

const source = (name: string) => readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Puts style and script into the page; done once, at the first request. */
export function readInboxPage(): InboxPage {
  const style = source('page.css');
  const script = source('page.js');
  return {
    // Functions, since a replacement string would give `$` in the script a meaning.
    html: source('page.html')
      .replace('/*style*/', () => style)
      .replace('/*script*/', () => script),
    contentSecurityPolicy: [
      "default-src 'none'",
      `style-src ${hashOf(style)}`,
      `script-src ${hashOf(script)}`,
      "connect-src 'self'",
      "frame-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      // Another page of the same server may show it.
      "frame-ancestors 'self'",
    ].join('; '),
  };
}
