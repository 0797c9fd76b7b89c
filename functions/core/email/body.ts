import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import type { Table } from '../ports/table.ts';
import { contentOf, type UsedTemplate } from '../template/use.ts';
import type { Attachment, Email } from './email.ts';
import { contentBytes } from './message-size.ts';
import { limits } from './schema.ts';

/** The parts of an email that only the worker and `GET /emails/{id}` need. */
export interface Body {
  readonly html?: string;
  /** Absent: made from the html when the email is sent; empty: no text part. */
  readonly text?: string;
  /** In place of `html` and `text`: `contentOf` makes them. */
  readonly template?: UsedTemplate;
  readonly headers: Readonly<Record<string, string>>;
  readonly attachments: readonly Attachment[];
}

export const bodyKey = (id: string, fingerprint: string): string => `body#${id}#${fingerprint.slice(0, 16)}`;

/** The size of larger messages is on their records and in their jobs. */
export const NOTED_BYTES = 32 * 1024;

/** About the size of an email's message in bytes, at most that of the largest; attachments that are fetched may be as large. */
export function messageBytes(email: Email): number {
  if (email.attachments.some(({ path }) => path !== undefined)) return limits.messageBytes;
  return Math.min(limits.messageBytes, contentBytes(email) + (email.template?.bytes ?? 0));
}

/** Above this size speed matters more than density: attachments are mostly compressed already. */
const DENSE_LIMIT_BYTES = 64 * 1024;

/** The body as it is stored: brotli, whose dictionary knows HTML, so that a typical body fits one write unit (1 KB). */
export function packBody(email: Email): Uint8Array {
  const { html, text, template, headers, attachments } = email;
  const json = Buffer.from(
    JSON.stringify({ html, text, template, headers, attachments } satisfies Record<keyof Body, unknown>),
  );
  return brotliCompressSync(json, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: json.length > DENSE_LIMIT_BYTES ? 1 : 5,
      // A smaller window costs no density here and saves a third of the time.
      [constants.BROTLI_PARAM_LGWIN]: json.length > DENSE_LIMIT_BYTES ? constants.BROTLI_DEFAULT_WINDOW : 16,
      [constants.BROTLI_PARAM_SIZE_HINT]: json.length,
    },
  });
}

/** The reverse of packBody. */
export function unpackBody(bytes: Uint8Array): Body {
  return JSON.parse(brotliDecompressSync(bytes).toString());
}

/** The body with the html and text that its template makes. */
export async function withContent(body: Body, table: Pick<Table, 'get'>): Promise<Body> {
  return body.template ? { ...body, ...(await contentOf(table, body.template)) } : body;
}
