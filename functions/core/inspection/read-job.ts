import type { DeadLetter } from '../ports/inspection.ts';

/** Reads what can be read of a dead letter's text, which may be anything. */
export function readJob(body: string): Pick<DeadLetter, 'job' | 'emailId'> {
  const job = jobOf(body);
  // In jobs of other tasks `id` is that of a broadcast, a segment, an import or a run.
  return { job, emailId: job?.task.startsWith('email.') ? emailIdOf(job.args) : undefined };
}

function jobOf(body: string): DeadLetter['job'] {
  try {
    const job: unknown = JSON.parse(body);
    if (typeof job !== 'object' || job === null || !('task' in job) || !('attempt' in job)) return undefined;
    const { task, attempt } = job;
    if (typeof task !== 'string' || typeof attempt !== 'number') return undefined;
    return { task, attempt, args: 'args' in job ? job.args : undefined };
  } catch {
    // A text that is not JSON is a poison message, which is what dead letters are for.
    return undefined;
  }
}

function emailIdOf(args: unknown): string | undefined {
  return typeof args === 'object' && args !== null && 'id' in args && typeof args.id === 'string' ? args.id : undefined;
}
