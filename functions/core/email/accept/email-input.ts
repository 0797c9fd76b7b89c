/** A file of an email: give either `content` or `path`. */
export interface AttachmentInput {
  readonly filename?: string;
  /** The bytes, or base64. iCalendar may be given as plain text. */
  readonly content?: string | Uint8Array;
  /** An https URL to fetch the file from when the email is sent. */
  readonly path?: string;
  readonly content_type?: string;
  /** For inline images: `<img src="cid:…">`. */
  readonly content_id?: string;
}

/** A template with the values of its variables. */
export interface TemplateInput {
  /** The id or the alias of a published template. */
  readonly id: string;
  readonly variables?: Readonly<Record<string, string | number>>;
}

/** One email, with the fields and the limits of `POST /emails` (docs/api.md): with content of its own, or with a template. */
export type EmailInput = EmailWithContent | EmailWithTemplate;

export interface EmailWithContent extends EmailFields {
  /** `email@example.com` or `Name <email@example.com>`, as all addresses. */
  readonly from: string;
  readonly subject: string;
  readonly html?: string;
  /** If absent, the text part is made from the html; an empty one means no text part. */
  readonly text?: string;
  readonly template?: undefined;
}

export interface EmailWithTemplate extends EmailFields {
  readonly template: TemplateInput;
  /** If absent, that of the template; the same for the subject. */
  readonly from?: string;
  readonly subject?: string;
  readonly html?: undefined;
  readonly text?: undefined;
}

interface EmailFields {
  readonly to: string | readonly string[];
  readonly cc?: string | readonly string[];
  readonly bcc?: string | readonly string[];
  readonly reply_to?: string | readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly tags?: readonly { readonly name: string; readonly value: string }[];
  readonly attachments?: readonly AttachmentInput[];
  /** ISO 8601 with a time zone, or plain English such as `in 1 hour`; at most 30 days ahead. */
  readonly scheduled_at?: string;
  /** Recipients who do not subscribe to this topic are left out. */
  readonly topic_id?: string;
}

/** An accepted email: it is durable, and is sent or ends in a final status. */
export interface AcceptedEmail {
  readonly id: string;
}
