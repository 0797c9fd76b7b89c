import type { Import } from '../answers.ts';

/** Whether an import is at work, or will be. */
export const isMoving = ({ status }: Import) => status === 'queued' || status === 'in_progress';

/** Rows that are done. */
export const doneOf = ({ counts: { created, updated, skipped, failed } }: Import) =>
  created + updated + skipped + failed;
