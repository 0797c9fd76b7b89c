/** Something to know about a link before it is sent. */
interface LinkNote {
  readonly tone: 'bad' | 'warn' | 'calm';
  readonly text: string;
}

/** A link of an email, by what its reader sees and by where it leads. */
export interface CheckedLink {
  readonly text: string;
  readonly target: string;
  readonly host: string;
  readonly notes: readonly LinkNote[];
}

const SHORTENERS = new Set([
  ...['bit.ly', 'buff.ly', 'cutt.ly', 'goo.gl', 'is.gd', 'lnkd.in', 'ow.ly', 'rb.gy', 'rebrand.ly', 's.id'],
  ...['shorturl.at', 't.co', 't.ly', 'tiny.cc', 'tinyurl.com', 'trib.al', 'v.gd', 'bl.ink', 'qr.ae', 'amzn.to'],
]);

/** The links of an HTML text, by its own words; no server is asked. */
export const linksIn = (html: string): CheckedLink[] =>
  [...parse(html).querySelectorAll('a[href], area[href]')].map((link) =>
    checkLink(withoutMark(readable(link)), withoutMark(link.getAttribute('href')?.trim() ?? '')),
  );

/** Marks names that the console's policy forbids. */
const MARK = 'x-7f3a-';

/**
 * Parses into a document that runs and loads nothing. It has the policy of the console, which inline styles, event handlers and a base
 * would violate: they get another name first.
 */
const parse = (html: string): Document =>
  new DOMParser().parseFromString(
    html.replace(/(["'\s/<])(style|base|on[a-z]+)(?=[\s=>/])/gi, `$1${MARK}$2`),
    'text/html',
  );

const withoutMark = (text: string): string => text.replaceAll(MARK, '');

/** The servers of the images that a reader's mail program would load. */
export function remoteImagesIn(html: string): string[] {
  const sources = [...parse(html).querySelectorAll('img[src], input[src], [background]')].map(
    (image) => image.getAttribute('src') ?? image.getAttribute('background') ?? '',
  );
  const styles = [...html.matchAll(/url\(\s*["']?(https?:[^"')\s]+)/gi)].map(([, url = '']) => url);
  const hosts = [...sources, ...styles].flatMap((source) => urlOf(source)?.host ?? []);
  return [...new Set(hosts.filter(Boolean))];
}

/** The text of a link, or that of its image. */
const readable = (link: Element): string =>
  link.textContent?.replace(/\s+/g, ' ').trim() || link.querySelector('img')?.getAttribute('alt')?.trim() || '';

/** Checks a link by its text and its target. */
export function checkLink(text: string, target: string): CheckedLink {
  const url = urlOf(target);
  return { text, target, host: url?.host ?? '', notes: notesOn(text, target, url) };
}

const bad = (text: string): LinkNote => ({ tone: 'bad', text });
const warn = (text: string): LinkNote => ({ tone: 'warn', text });

function notesOn(text: string, target: string, url: URL | undefined): LinkNote[] {
  if (/\{\{|\}\}|%7B%7B/i.test(target)) return [bad('a placeholder that was not filled')];
  if (target === '' || target.startsWith('#')) return [warn('leads nowhere')];
  if (!url) return [bad('no address: without https:// it leads nowhere in an email')];
  if (['mailto:', 'tel:', 'sms:'].includes(url.protocol)) return [];
  if (!['http:', 'https:'].includes(url.protocol)) return [bad(`${url.protocol} does not work in mail programs`)];
  const shown = hostIn(text);
  const carried = [...url.searchParams.values()].map(urlOf).find((inner) => inner?.protocol.startsWith('http'));
  return [
    ...(shown && !isSame(shown, url.hostname) ? [bad(`the text says ${shown}`)] : []),
    ...(url.username ? [bad('has a user name before the host: looks like another address')] : []),
    ...(/^\d+(\.\d+){3}$|^\[/.test(url.hostname) ? [bad('an IP address')] : []),
    ...(/(^|\.)xn--/.test(url.hostname) ? [warn('letters of another script in the host')] : []),
    ...(url.protocol === 'http:' ? [warn('not encrypted: http')] : []),
    ...(SHORTENERS.has(url.hostname.replace(/^www\./, '')) ? [warn('a shortener hides where it leads')] : []),
    ...(text === '' ? [warn('no text: screen readers read the address')] : []),
    ...(carried && !isSame(carried.hostname, url.hostname)
      ? [{ tone: 'calm', text: `may lead on to ${carried.host}` } as const]
      : []),
  ];
}

/** Without a base: a relative address is none. */
function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** The host that a text names, if the text is an address: `www.bank.example/login`. */
function hostIn(text: string): string | undefined {
  const found = /^(?:https?:\/\/)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:[/:?#]\S*)?$/i.exec(text.trim())?.[1];
  return found?.toLowerCase();
}

/** A part of a host is no other place: `example.com` and `www.example.com`. */
function isSame(shown: string, host: string): boolean {
  const [one, other] = [shown, host.toLowerCase()].map((name) => name.replace(/^www\./, '')) as [string, string];
  return one === other || other.endsWith(`.${one}`) || one.endsWith(`.${other}`);
}
