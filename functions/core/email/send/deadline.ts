import { SendoffError } from '../../errors.ts';
import type { EmailRecord } from '../record.ts';

const HOUR_MS = 3_600_000;

/** The time that the email of a job has waited. The fields are absent in jobs of version 0.2 until they are postponed. */
export interface Waited {
  /** Since when the email is to be sent: the time of the request, of `scheduled_at`, or of a retry by the API; epoch ms. */
  readonly sinceMs?: number | undefined;
  /** Why it was postponed last. */
  readonly waitedFor?: string | undefined;
}

/** True when an email has waited too long for a provider, or an account, that does not send. */
export const isOverdue = ({ sinceMs }: Waited, nowMs: number, giveUpAfterMs: number): boolean =>
  sinceMs !== undefined && nowMs - sinceMs > giveUpAfterMs;

/** The reason of an email that has waited too long. */
export const overdueReason = (giveUpAfterMs: number, cause: string): string =>
  `Not sent within ${Math.round(giveUpAfterMs / HOUR_MS)} hours: ${cause}`;

/** The end of an email that has waited too long. */
export function overdueError({ waitedFor }: Waited, { deferred }: EmailRecord, giveUpAfterMs: number): SendoffError {
  const cause = waitedFor ?? deferred?.detail ?? 'its job waited on the queue';
  return new SendoffError('application_error', 500, overdueReason(giveUpAfterMs, cause));
}
