import type { Context } from 'hono';
import { notFound } from '../../core/errors.ts';
import { isBehindRestApi } from '../base-url.ts';
import type { ConsoleFiles } from './files.ts';

/** Nothing of another origin is loaded, nothing inline runs, and no other page can frame the console. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};
const NAMED_BY_CONTENT = /^[\w-]+\.[A-Z0-9]{8}\.(js|css)$/;
const ENCODINGS = [
  ['br', 'br'],
  ['gzip', 'gz'],
] as const;

/** Answers the page. Its assets are named relative to its address, which may have a stage before it and a slash behind it. */
export async function answerPage(context: Context, files: ConsoleFiles): Promise<Response> {
  const html = await files.read('index.html');
  if (!html) throw notFound('Console');
  const base = new URL(context.req.url).pathname.endsWith('/') ? '' : 'console/';
  return new Response(Buffer.from(html).toString().replaceAll('{base}', base), {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'content-security-policy': PAGE_POLICY,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'x-robots-tag': 'noindex',
    },
  });
}

/** Answers a script or style, compressed if the browser takes it so. A REST API passes only text. */
export async function answerAsset(context: Context, files: ConsoleFiles, name: string): Promise<Response> {
  const type = TYPES[NAMED_BY_CONTENT.exec(name)?.[1] ?? ''];
  if (!type) throw notFound('File');
  const encoding = isBehindRestApi(context) ? undefined : acceptedEncoding(context.req.header('accept-encoding') ?? '');
  const bytes = await files.read(encoding ? `${name}.${encoding[1]}` : name);
  if (!bytes) throw notFound('File');
  return new Response(Buffer.from(bytes), {
    headers: {
      'content-type': type,
      ...(encoding ? { 'content-encoding': encoding[0] } : {}),
      vary: 'accept-encoding',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    },
  });
}

const acceptedEncoding = (header: string) => {
  const accepted = header.split(',').map((one) => one.trim().replace(/\s*;\s*q=(?!0(?:\.0*)?$).*$/, ''));
  return ENCODINGS.find(([encoding]) => accepted.includes(encoding));
};
