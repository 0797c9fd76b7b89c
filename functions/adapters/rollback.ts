import type { Submission } from '../core/ports/backend.ts';
import type { Table } from '../core/ports/table.ts';

/**
 * Deletes the records of a failed submission, which may have been stored completely or in part. The caller will repeat the
 * request, which without an idempotency key makes another email, so this one must not be sent. A repeatable record stays:
 * another request with its key may have been answered with 2xx.
 */
export async function rollback(table: Table, submissions: readonly Submission[]): Promise<void> {
  const mine = submissions.filter(({ repeatable }) => !repeatable);
  // Best effort: the database itself may be failing.
  await Promise.allSettled(
    mine.map(({ record }) => table.delete(record.key, [{ status: { in: ['queued', 'scheduled'] }, attempts: 0 }])),
  );
}
