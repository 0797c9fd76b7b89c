import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { pageOf } from '../../core/document/list.ts';
import { bodyKey, unpackBody } from '../../core/email/body.ts';
import type { Attachment } from '../../core/email/email.ts';
import { type EmailRecord, recordKey } from '../../core/email/record.ts';
import { notFound, SendoffError } from '../../core/errors.ts';
import { derivedId, isId } from '../../core/ids.ts';
import type { Backend } from '../../core/ports/backend.ts';
import { createUnsubscribeKey } from '../../core/suppression/unsubscribe-link.ts';
import type { Caller } from '../authenticate.ts';
import { baseUrl, isBehindRestApi } from '../base-url.ts';

/** How long a download link works, as with Resend. */
const LINK_MS = 3_600_000;

export interface AttachmentRouteDependencies {
  readonly backend: Pick<Backend, 'table' | 'bodies'>;
  readonly now: () => number;
}

/** One file of an email, under an id that follows from its place in the email. */
interface NumberedAttachment extends Attachment {
  readonly id: string;
}

/** `GET /emails/{id}/attachments` and `GET /emails/{id}/attachments/{attachmentId}`: what the files are, and where. */
export function emailAttachmentRoutes(dependencies: AttachmentRouteDependencies): Hono<Caller> {
  const routes = new Hono<Caller>();
  const link = createLink(dependencies);

  const view = async (context: Context, emailId: string) => {
    const linkTo = await link(baseUrl(context));
    const { detectMimeType } = await import('nodemailer/lib/mime-funcs');
    return (file: NumberedAttachment) => ({
      id: file.id,
      ...(file.filename === undefined ? {} : { filename: file.filename }),
      // What a URL leads to is fetched when the email is sent, and not kept.
      size: file.content === undefined ? 0 : Buffer.byteLength(file.content, 'base64'),
      content_type: file.contentType ?? detectMimeType(file.filename ?? ''),
      content_disposition: file.contentId === undefined ? 'attachment' : 'inline',
      ...(file.contentId === undefined ? {} : { content_id: file.contentId }),
      ...linkTo(emailId, file),
    });
  };

  routes.get('/:id/attachments', async (context) => {
    const id = context.req.param('id');
    const { items, hasMore } = pageOf(await attachmentsOf(dependencies, id), ({ id }) => id, context.req.query());
    return context.json({ object: 'list', has_more: hasMore, data: items.map(await view(context, id)) });
  });

  routes.get('/:id/attachments/:attachmentId', async (context) => {
    const { id, attachmentId } = context.req.param();
    const file = await findAttachment(dependencies, id, attachmentId);
    return context.json({ object: 'attachment', ...(await view(context, id))(file) });
  });

  return routes;
}

/** `GET /attachments/{id}/{attachmentId}`: the bytes of a file. No key is asked for: the signed link is the right to it. */
export function attachmentDownloadRoutes(dependencies: AttachmentRouteDependencies): Hono {
  const routes = new Hono();
  const signatureOf = createSignature(dependencies);

  routes.get('/:id/:attachmentId', async (context) => {
    const { id, attachmentId } = context.req.param();
    const { expires = '', signature = '' } = context.req.query();
    const right = (await signatureOf())(id, attachmentId, expires);
    if (!isEqual(signature, right) || Number(expires) <= dependencies.now()) throw notFound('Attachment');
    if (isBehindRestApi(context)) throw noBinaryAnswers();
    const { content, filename = 'attachment' } = await findAttachment(dependencies, id, attachmentId);
    if (content === undefined) throw notFound('Attachment');
    return new Response(Buffer.from(content, 'base64'), {
      headers: {
        // Never its own type: no file of an email may become a page of this host.
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename*=UTF-8''${encodeValue(filename)}`,
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'cache-control': 'private, no-store',
        'referrer-policy': 'no-referrer',
      },
    });
  });

  return routes;
}

/** It could, if it took requests for binary, too: then base64 would leave 4.5 MB of Lambda's 6 MB for an email. */
const noBinaryAnswers = (): SendoffError =>
  new SendoffError('validation_error', 406, 'With `api=rest` attachments cannot be downloaded: deploy `api=http`.');

async function attachmentsOf(
  { backend }: AttachmentRouteDependencies,
  emailId: string,
): Promise<readonly NumberedAttachment[]> {
  const record = isId(emailId) ? await backend.table.get<EmailRecord>(recordKey(emailId)) : undefined;
  if (!record) throw notFound('Email');
  const packed = await backend.bodies.get(bodyKey(record.id, record.fingerprint));
  const { attachments } = packed ? unpackBody(packed) : { attachments: [] };
  return attachments.map((file, index) => ({ ...file, id: derivedId('attachment', record.id, String(index)) }));
}

async function findAttachment(
  dependencies: AttachmentRouteDependencies,
  emailId: string,
  id: string,
): Promise<NumberedAttachment> {
  const found = (await attachmentsOf(dependencies, emailId)).find((file) => file.id === id);
  if (!found) throw notFound('Attachment');
  return found;
}

/** Makes what a view says of where a file is: our own signed link, or the URL that the email was given. */
function createLink({ backend, now }: AttachmentRouteDependencies) {
  const signatureOf = createSignature({ backend });
  return async (base: string) => {
    const sign = await signatureOf();
    const expiresAtMs = now() + LINK_MS;
    const expires_at = new Date(expiresAtMs).toISOString();
    return (emailId: string, { id, path }: NumberedAttachment) => {
      const signature = sign(emailId, id, String(expiresAtMs));
      const own = `${base}/attachments/${emailId}/${id}?expires=${expiresAtMs}&signature=${signature}`;
      return { download_url: path ?? own, expires_at };
    };
  };
}

/** Makes the function that signs links, with a key derived from the one that a deployment keeps for its links. */
function createSignature({ backend }: Pick<AttachmentRouteDependencies, 'backend'>) {
  const secret = createUnsubscribeKey(backend.table);
  return async () => {
    const key = Buffer.from(hkdfSync('sha256', await secret(), '', 'attachment link', 32));
    return (...parts: readonly string[]) => createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');
  };
}

function isEqual(given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** RFC 8187 3.2.1: what is not an attr-char is percent-encoded. */
function encodeValue(text: string): string {
  const encoded = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text.toWellFormed()).replace(/['()*]/g, encoded);
}
