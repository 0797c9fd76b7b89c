/** The part of an email or a body that its message is made of. */
export interface MessageContent {
  readonly html?: string;
  readonly text?: string;
  readonly attachments: readonly { readonly content?: string }[];
}

/**
 * Bytes of html, text and the attachments as base64, without those that are fetched. The message is larger: SES measures it
 * encoded, and quoted-printable can triple a text.
 */
export const contentBytes = ({ html = '', text = '', attachments }: MessageContent): number =>
  attachments.reduce(
    (sum, { content = '' }) => sum + content.length,
    Buffer.byteLength(html) + Buffer.byteLength(text),
  );
