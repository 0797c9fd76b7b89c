import { iso, isoOrNull } from '../../core/iso-time.ts';
import { isEnded, type Json, type RunRecord, STEP } from '../../core/run/run.ts';

/** A run as the list shows it: without its arguments and its result. */
export function runSummary(run: RunRecord) {
  const { id, task, status, priority, attempts, progress, error, group } = run;
  return {
    id,
    task,
    status,
    priority,
    attempts,
    progress: progress ? { done: progress.done, total: progress.total ?? null } : null,
    error: error ? { code: error.code, message: error.message } : null,
    group: group ? { id: group.id, member: group.member } : null,
    created_at: iso(run.createdAtMs),
    due_at: isoOrNull(run.dueAtMs),
    expires_at: isoOrNull(run.notAfterMs),
    started_at: isoOrNull(run.startedAtMs),
    finished_at: isoOrNull(run.endedAtMs),
  };
}

/** A run with everything that is kept of it. */
export function runDetail(run: RunRecord, { args, result }: { args: Json | undefined; result: Json | undefined }) {
  const { error } = run;
  return {
    object: 'run',
    ...runSummary(run),
    error: error ? { code: error.code, message: error.message, stack: error.stack ?? null } : null,
    args: args ?? null,
    result: result ?? null,
    steps: stepsOf(run),
    events: timelineOf(run),
    tick_at: isoOrNull(run.tickMs),
  };
}

/** The steps that are done. Results that are kept as bodies are left out: each would be a read. */
function stepsOf(run: RunRecord) {
  return Object.entries(run)
    .filter(([field]) => field.startsWith(STEP))
    .map(([field, value]) => ({
      name: field.slice(STEP.length),
      result: typeof value === 'string' && value !== '' ? (JSON.parse(value) as Json) : null,
    }));
}

/** The events of a run, oldest first. */
function timelineOf(run: RunRecord) {
  const event = (type: string, atMs: number, attempt?: number, reason?: string) => ({
    type,
    at: iso(atMs),
    attempt: attempt ?? null,
    reason: reason ?? null,
  });
  const { createdAtMs, startedAtMs, events = [] } = run;
  const between = [
    ...(startedAtMs === undefined ? [] : [event('started', startedAtMs, 1)]),
    ...events.map(({ type, atMs, attempt, reason }) => event(type, atMs, attempt, reason)),
  ].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return [
    event('queued', createdAtMs),
    ...between,
    ...(isEnded(run) ? [event(run.status, run.endedAtMs, run.attempts || undefined, run.error?.message)] : []),
  ];
}
