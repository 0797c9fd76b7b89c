import type { ContactImport } from '../../core/audience/import/import.ts';

/** An import as the API shows it. `errors` is ours. */
export function importView({ id, status, createdAtMs, completedAtMs, counts, errors }: ContactImport) {
  const { total, created, updated, skipped, failed } = counts;
  return {
    object: 'contact_import',
    id,
    status,
    created_at: new Date(createdAtMs).toISOString(),
    completed_at: completedAtMs === undefined ? null : new Date(completedAtMs).toISOString(),
    counts: { total, created, updated, skipped, failed },
    errors: errors.map(({ line, reason }) => ({ line, reason })),
  };
}
