import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { iso } from '../../core/iso-time.ts';
import type { Table } from '../../core/ports/table.ts';
import { createUnsubscribeKey } from '../../core/suppression/unsubscribe-link.ts';

/** How long a download link works, as with Resend. */
const LINK_MS = 3_600_000;

interface LinkDependencies {
  readonly table: Table;
  readonly now: () => number;
}

/** A signed download link, and when it expires. */
export interface DownloadLink {
  readonly url: string;
  readonly expiresAt: string;
}

/** Signs and checks the download links of a deployment. */
export interface DownloadLinks {
  /** Makes the function that links to a file, below this base URL. */
  linkBelow(base: string): Promise<(emailId: string, attachmentId: string) => DownloadLink>;
  /** True if the query of a link has the right signature and has not expired. */
  isValid(emailId: string, attachmentId: string, query: Readonly<Record<string, string>>): Promise<boolean>;
}

/** The links are signed with a key that is derived from the deployment's key for unsubscribe links. */
export function createDownloadLinks({ table, now }: LinkDependencies): DownloadLinks {
  const secret = createUnsubscribeKey(table);
  const signing = async () => {
    const key = Buffer.from(hkdfSync('sha256', await secret(), '', 'attachment link', 32));
    return (...parts: readonly string[]) => createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');
  };
  return {
    linkBelow: async (base) => {
      const sign = await signing();
      const expiresAtMs = now() + LINK_MS;
      const expiresAt = iso(expiresAtMs);
      return (emailId, attachmentId) => {
        const signature = sign(emailId, attachmentId, String(expiresAtMs));
        const query = `expires=${expiresAtMs}&signature=${signature}`;
        return { url: `${base}/attachments/${emailId}/${attachmentId}?${query}`, expiresAt };
      };
    },
    isValid: async (emailId, attachmentId, { expires = '', signature = '' }) => {
      const expected = (await signing())(emailId, attachmentId, expires);
      return isEqual(signature, expected) && Number(expires) > now();
    },
  };
}

function isEqual(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
