import type { Submission } from '../core/ports/backend.ts';
import type { Table } from '../core/ports/table.ts';

/**
 * Deletes the records of a submission that failed, though all or part of it may have been carried out. The caller is told that
 * it failed and will send again: without an idempotency key that makes another email, so this one must not go out. A
 * repeatable one stays: another request with its key may have been answered 2xx by now.
 */
export async function rollback(table: Table, submissions: readonly Submission[]): Promise<void> {
  const mine = submissions.filter(({ repeatable }) => !repeatable);
  // Best effort: what is failing may be the database itself.
  await Promise.allSettled(
    mine.map(({ record }) => table.delete(record.key, [{ status: { in: ['queued', 'scheduled'] }, attempts: 0 }])),
  );
}
