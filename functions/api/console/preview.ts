import type { Context } from 'hono';
import { findBroadcast, findContent } from '../../core/broadcast/store.ts';
import { bodyKey, unpackBody, withContent } from '../../core/email/body.ts';
import { type EmailRecord, recordKey } from '../../core/email/record.ts';
import { invalid, notFound, SendoffError } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import type { Backend } from '../../core/ports/backend.ts';
import type { Table } from '../../core/ports/table.ts';
import { fill } from '../../core/template/placeholders.ts';
import { findTemplate, newestVersion } from '../../core/template/store.ts';
import { type Inline, withInlineImages } from './inline-images.ts';

export interface PreviewDependencies {
  readonly backend: Pick<Backend, 'table' | 'bodies'>;
}

/** The parts of an email that a preview shows. */
interface Content {
  readonly html?: string | undefined;
  readonly text?: string | undefined;
  readonly images?: readonly Inline[];
}

type Values = Readonly<Record<string, unknown>>;

/** `GET /console/preview/emails/{id}`. An email of a broadcast has no content of its own: it shows that of the broadcast. */
export async function previewEmail(context: Context, { backend }: PreviewDependencies, id: string): Promise<Response> {
  const record = isId(id) ? await backend.table.get<EmailRecord>(recordKey(id)) : undefined;
  if (!record) throw notFound('Email');
  const packed = await backend.bodies.get(bodyKey(record.id, record.fingerprint));
  if (!packed && record.broadcastId !== undefined)
    return answer(context, await ofBroadcast(backend.table, record.broadcastId));
  if (!packed) throw notFound('Content of this email');
  const { html, text, attachments } = await withContent(unpackBody(packed), backend.table);
  return answer(context, { html, text, images: attachments });
}

/** `GET /console/preview/templates/{id}`: the newest content, with the fallbacks of its variables. */
export async function previewTemplate(
  context: Context,
  { backend }: PreviewDependencies,
  id: string,
): Promise<Response> {
  const { content } = await newestVersion(backend.table, await findTemplate(backend.table, id));
  const fallbacks = content.variables.map(({ key, fallbackValue }) => [key, fallbackValue] as const);
  return answer(context, filled(content, Object.fromEntries(fallbacks)));
}

/** `GET /console/preview/broadcasts/{id}`: as it is, with the fallbacks of its placeholders. */
export async function previewBroadcast(
  context: Context,
  { backend }: PreviewDependencies,
  id: string,
): Promise<Response> {
  return answer(context, await ofBroadcast(backend.table, id));
}

async function ofBroadcast(table: Table, id: string): Promise<Content> {
  const content = await findContent(table, await findBroadcast(table, id));
  return filled(content, content.fallbacks ?? {});
}

/** `POST /console/preview`: shows the fields `html` or `text` of a form, with the values in `variables`, a JSON object. */
export async function previewForm(context: Context): Promise<Response> {
  const { html, text, variables } = await readForm(context);
  const content = {
    html: typeof html === 'string' ? html : undefined,
    text: typeof text === 'string' ? text : undefined,
  };
  return answer(context, filled(content, valuesOf(variables)));
}

async function readForm(context: Context): Promise<Values> {
  return context.req.parseBody().catch((cause: unknown) => {
    throw new SendoffError('validation_error', 400, 'The request body is not a valid form', { cause });
  });
}

function valuesOf(given: unknown): Values {
  try {
    const values: unknown = JSON.parse(typeof given === 'string' && given !== '' ? given : '{}');
    if (typeof values === 'object' && values !== null) return values as Values;
  } catch {
    // It is answered like JSON that is no object.
  }
  throw invalid('Invalid `variables` field: it must be a JSON object.');
}

/** A placeholder without value or fallback shows its key. */
function filled({ html, text }: Content, values: Values): Content {
  const lookUp = (key: string) => {
    const value = Object.hasOwn(values, key) ? values[key] : undefined;
    return value === undefined || value === null || value === '' ? undefined : String(value);
  };
  const fillIn = (part: string | undefined) => part && fill(part, lookUp, (key) => `[${key}]`);
  return { html: fillIn(html), text: fillIn(text) };
}

/**
 * The content as a page that can do nothing: in an origin of its own, without scripts, forms, plugins and frames. It loads nothing from
 * elsewhere, but images with `images=1`.
 */
function answer(context: Context, { html, text, images = [] }: Content): Response {
  const { part = html === undefined ? 'text' : 'html', images: remote = '0' } = context.req.query();
  if (part !== 'html' && part !== 'text') throw invalid('Invalid `part` parameter: it must be `html` or `text`.');
  if (remote !== '0' && remote !== '1') throw invalid('Invalid `images` parameter: it must be `0` or `1`.');
  const content = part === 'html' ? html : text;
  if (content === undefined) throw notFound(part === 'html' ? 'HTML part' : 'Text part');
  return new Response(part === 'html' ? withoutLinkElements(withInlineImages(content, images)) : content, {
    headers: {
      'content-type': part === 'html' ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
      'content-security-policy': policy(remote === '1'),
      'cache-control': 'private, no-store',
      'referrer-policy': 'no-referrer',
      // A name that only this email has would tell its sender that it was read.
      'x-dns-prefetch-control': 'off',
      'x-content-type-options': 'nosniff',
      'x-robots-tag': 'noindex',
      'cross-origin-resource-policy': 'same-origin',
    },
  });
}

/** A policy does not stop `<link rel=preconnect>`, and with images allowed not `prefetch`; stylesheets it would refuse anyway. */
const withoutLinkElements = (html: string): string => html.replace(/<link\b/gi, '<x-link');

const policy = (remoteImages: boolean): string =>
  [
    'sandbox',
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `img-src data:${remoteImages ? ' https: http:' : ''}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join('; ');
