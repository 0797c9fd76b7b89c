import { id, list, object, operation, paging, text, time } from '../openapi/parts.ts';

const attachment = {
  type: 'object',
  properties: {
    id: text,
    filename: text,
    size: { type: 'integer', description: 'Bytes; 0 for a file given by `path`, which is not kept' },
    content_type: text,
    content_disposition: { enum: ['inline', 'attachment'] },
    content_id: text,
    download_url: { type: 'string', description: 'Answers the bytes without a key; the `path` of a file given so' },
    expires_at: time,
  },
  required: ['id', 'size', 'content_type', 'content_disposition', 'download_url', 'expires_at'],
};
const attachmentId = { name: 'attachmentId', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } };
/** The query of a download link; the signature is the permission to download. */
const signedLink = ['expires', 'signature'].map((name) => ({ name, in: 'query', required: true, schema: text }));

/** The paths of attachments: under `/emails/{id}`, and the download link. */
export const attachmentPaths = () => ({
  '/emails/{id}/attachments': {
    parameters: [id],
    get: operation('listEmailAttachments', 'The files of an email', list(attachment), { parameters: paging }),
  },
  '/emails/{id}/attachments/{attachmentId}': {
    parameters: [id, attachmentId],
    get: operation('getEmailAttachment', 'One file of an email, and where its bytes are', {
      allOf: [object({ object: { const: 'attachment' } }), attachment],
    }),
  },
  '/attachments/{id}/{attachmentId}': {
    parameters: [id, attachmentId],
    get: {
      operationId: 'downloadAttachment',
      summary: 'The bytes of a file, by its `download_url`',
      security: [],
      parameters: signedLink,
      errors: [406],
      responses: { 200: { description: 'The file', content: { 'application/octet-stream': { schema: {} } } } },
    },
  },
});
