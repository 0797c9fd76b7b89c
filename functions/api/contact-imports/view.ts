import type { ContactImport } from '../../core/audience/import/import.ts';
import { iso, isoOrNull } from '../../core/iso-time.ts';

/** An import as the API shows it. `errors` is ours. */
export function importView({ id, status, createdAtMs, completedAtMs, counts, errors }: ContactImport) {
  const { total, created, updated, skipped, failed } = counts;
  return {
    object: 'contact_import',
    id,
    status,
    created_at: iso(createdAtMs),
    completed_at: isoOrNull(completedAtMs),
    counts: { total, created, updated, skipped, failed },
    errors: errors.map(({ line, reason }) => ({ line, reason })),
  };
}
