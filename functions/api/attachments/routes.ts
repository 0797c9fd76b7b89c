import { type Context, Hono } from 'hono';
import { pageOf } from '../../core/document/list.ts';
import { bodyKey, unpackBody } from '../../core/email/body.ts';
import { type EmailRecord, recordKey } from '../../core/email/record.ts';
import { notFound, SendoffError } from '../../core/errors.ts';
import { derivedId, isId } from '../../core/ids.ts';
import type { Backend } from '../../core/ports/backend.ts';
import type { Caller } from '../authenticate.ts';
import { baseUrl, isBehindRestApi } from '../base-url.ts';
import { createDownloadLinks } from './download-link.ts';
import { attachmentView, type NumberedAttachment } from './view.ts';

export interface AttachmentRouteDependencies {
  readonly backend: Pick<Backend, 'table' | 'bodies'>;
  readonly now: () => number;
}

/** The routes under `/emails/{id}/attachments`: the files of an email, with their download links. */
export function emailAttachmentRoutes({ backend, now }: AttachmentRouteDependencies): Hono<Caller> {
  const routes = new Hono<Caller>();
  const { linkBelow } = createDownloadLinks({ table: backend.table, now });

  const viewOf = async (context: Context, emailId: string) => {
    const link = await linkBelow(baseUrl(context));
    const view = await attachmentView();
    return (file: NumberedAttachment) => view(file, link(emailId, file.id));
  };

  routes.get('/:id/attachments', async (context) => {
    const id = context.req.param('id');
    const { items, hasMore } = pageOf(await attachmentsOf(backend, id), ({ id }) => id, context.req.query());
    return context.json({ object: 'list', has_more: hasMore, data: items.map(await viewOf(context, id)) });
  });

  routes.get('/:id/attachments/:attachmentId', async (context) => {
    const { id, attachmentId } = context.req.param();
    const file = await findAttachment(backend, id, attachmentId);
    return context.json({ object: 'attachment', ...(await viewOf(context, id))(file) });
  });

  return routes;
}

/** `GET /attachments/{id}/{attachmentId}`: the bytes of a file, for whoever has its signed link. */
export function attachmentDownloadRoutes({ backend, now }: AttachmentRouteDependencies): Hono {
  const routes = new Hono();
  const { isValid } = createDownloadLinks({ table: backend.table, now });

  routes.get('/:id/:attachmentId', async (context) => {
    const { id, attachmentId } = context.req.param();
    if (!(await isValid(id, attachmentId, context.req.query()))) throw notFound('Attachment');
    if (isBehindRestApi(context)) throw noBinaryAnswers();
    const { content, filename = 'attachment' } = await findAttachment(backend, id, attachmentId);
    if (content === undefined) throw notFound('Attachment');
    return new Response(Buffer.from(content, 'base64'), {
      headers: {
        // Never the file's own type: no file of an email may become a page of this host.
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

/**
 * A REST API passes binary answers only if it takes requests as binary, too. Base64 would then leave an email 4.5 MB of
 * Lambda's 6 MB.
 */
const noBinaryAnswers = (): SendoffError =>
  new SendoffError('validation_error', 406, 'With `api=rest` attachments cannot be downloaded: deploy `api=http`.');

async function attachmentsOf(
  { table, bodies }: AttachmentRouteDependencies['backend'],
  emailId: string,
): Promise<readonly NumberedAttachment[]> {
  const record = isId(emailId) ? await table.get<EmailRecord>(recordKey(emailId)) : undefined;
  if (!record) throw notFound('Email');
  const packed = await bodies.get(bodyKey(record.id, record.fingerprint));
  const { attachments } = packed ? unpackBody(packed) : { attachments: [] };
  return attachments.map((file, index) => ({ ...file, id: derivedId('attachment', record.id, String(index)) }));
}

async function findAttachment(
  backend: AttachmentRouteDependencies['backend'],
  emailId: string,
  id: string,
): Promise<NumberedAttachment> {
  const found = (await attachmentsOf(backend, emailId)).find((file) => file.id === id);
  if (!found) throw notFound('Attachment');
  return found;
}

/** RFC 8187 3.2.1: every character that is not an attr-char is percent-encoded. */
function encodeValue(text: string): string {
  const encoded = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text.toWellFormed()).replace(/['()*]/g, encoded);
}
