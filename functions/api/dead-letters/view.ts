import { iso } from '../../core/iso-time.ts';
import type { DeadLetter } from '../../core/ports/inspection.ts';

/** The facts about a dead letter from the record of its email or run. */
export interface Origin {
  readonly emailStatus?: string | undefined;
  readonly runId?: string | undefined;
  readonly runStatus?: string | undefined;
  /** Why the last try failed. */
  readonly error?: string | undefined;
}

/** A dead letter as the API shows it; null: not known, or there is none. */
export function deadLetterView(letter: DeadLetter, { emailStatus, runId, runStatus, error }: Origin) {
  return {
    id: letter.id,
    task: letter.job?.task ?? null,
    attempt: letter.job?.attempt ?? null,
    queue: letter.sourceQueue ?? null,
    queued_at: letter.queuedAtMs ? iso(letter.queuedAtMs) : null,
    receive_count: letter.receiveCount,
    email_id: letter.emailId ?? null,
    email_status: emailStatus ?? null,
    run_id: runId ?? null,
    run_status: runStatus ?? null,
    error: error ?? null,
    /** The text of the message; perhaps not a job at all. */
    body: letter.body,
  };
}

/** `GET /dead-letters`: the first ones; there is no next page, because SQS has none. */
export function deadLettersView(data: readonly ReturnType<typeof deadLetterView>[], hasMore: boolean) {
  return { object: 'list' as const, has_more: hasMore, data };
}

/** The result of a call that works for a limited time. */
interface Handled {
  /** Ids that were given and not found. */
  readonly missing: readonly string[];
  /** True if the time was up: call again. */
  readonly hasMore: boolean;
}

/** `POST /dead-letters/redrive`. */
export function redrivenView({
  redriven,
  left,
  queuedUntilMs,
  missing,
  hasMore,
}: Handled & { readonly redriven: number; readonly left: number; readonly queuedUntilMs: number }) {
  return {
    object: 'dead_letters' as const,
    redriven,
    /** Those that are no job, or of no queue of this deployment; and with `all` those queued after `queued_until`. */
    left,
    missing,
    has_more: hasMore,
    /** To be given to the next call, which then leaves jobs that failed again meanwhile. */
    queued_until: iso(queuedUntilMs),
  };
}

/** `POST /dead-letters/purge`. */
export function purgedView({
  purged,
  emailsFailed,
  missing,
  hasMore,
}: Handled & { readonly purged: number; readonly emailsFailed: number }) {
  return { object: 'dead_letters' as const, purged, emails_failed: emailsFailed, missing, has_more: hasMore };
}
