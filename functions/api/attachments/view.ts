import type { Attachment } from '../../core/email/email.ts';
import type { DownloadLink } from './download-link.ts';

/** A file of an email with its id, which is derived from its place in the email. */
export interface NumberedAttachment extends Attachment {
  readonly id: string;
}

/** Makes the function that shows a file with its link. It loads the table of media types. */
export async function attachmentView() {
  const { detectMimeType } = await import('nodemailer/lib/mime-funcs');
  return (file: NumberedAttachment, { url, expiresAt }: DownloadLink) => ({
    id: file.id,
    ...(file.filename === undefined ? {} : { filename: file.filename }),
    // A file given by its URL is fetched when the email is sent, and not kept.
    size: file.content === undefined ? 0 : Buffer.byteLength(file.content, 'base64'),
    content_type: file.contentType ?? detectMimeType(file.filename ?? ''),
    content_disposition: file.contentId === undefined ? 'attachment' : 'inline',
    ...(file.contentId === undefined ? {} : { content_id: file.contentId }),
    download_url: file.path ?? url,
    expires_at: expiresAt,
  });
}
