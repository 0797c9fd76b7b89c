import { randomUUID } from 'node:crypto';

/** One e-mail the local SES accepted. */
export type SesMessage = {
  messageId: string;
  envelope: { from: string; to: string[] };
  tags: Record<string, string>;
  /**
   * The MIME exactly as submitted, one character a byte (latin1): `Buffer.from(raw, 'latin1')` gives the bytes back.
   * Real SES would replace Message-ID by `<messageId@email.amazonses.com>`, add Date when missing and drop Bcc; here
   * the inbox shows what our own code composed.
   */
  raw: string;
  sentAtMs: number;
  configurationSet?: string;
  /** The name of the function that sent it. */
  caller?: string;
};

/** Makes an id as SES does: `0100018c1f2a3b4c-<uuid>-000000`, the first part holding the time (ms since 1970, hex). */
export function newSesId(nowMs: number): string {
  return `0100${nowMs.toString(16).padStart(12, '0')}-${randomUUID()}-000000`;
}
