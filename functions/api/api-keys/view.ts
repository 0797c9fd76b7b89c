import type { ApiKey } from '../../core/access/api-key.ts';
import { domainId } from '../../core/email/accept/sender-domain.ts';
import { iso, isoOrNull } from '../../core/iso-time.ts';

/** A key as the list shows it: Resend's fields, and its permission. */
export function apiKeyView({ id, name, permission, domain, createdAtMs, lastUsedAtMs }: ApiKey) {
  return {
    id,
    name,
    permission,
    domain_id: domain === undefined ? null : domainId(domain),
    created_at: iso(createdAtMs),
    last_used_at: isoOrNull(lastUsedAtMs),
  };
}
