import { type EmailRecord, recordKey } from '../../core/email/record.ts';
import { timelineOf } from '../../core/email/timeline.ts';
import { isId } from '../../core/ids.ts';
import type { DeadLetter } from '../../core/ports/inspection.ts';
import type { Table } from '../../core/ports/table.ts';
import { RUN_EXECUTE, RUN_ONCE, type RunRecord, runKey } from '../../core/run/run.ts';
import type { UserTasks } from '../tasks/user-tasks.ts';
import type { Origin } from './view.ts';

/** Reads the records of these dead letters' emails and runs; answers their facts by the ids of the letters. */
export async function originsOf(
  letters: readonly DeadLetter[],
  { table, tasks }: { readonly table: Table; readonly tasks: UserTasks },
): Promise<ReadonlyMap<string, Origin>> {
  const ofRuns = letters.filter(isOfRun);
  const ofEmails = letters.filter((letter) => letter.emailId && isId(letter.emailId));
  const [emails, runs] = await Promise.all([
    table.getMany<EmailRecord>(ofEmails.map(({ emailId = '' }) => recordKey(emailId))),
    ofRuns.length > 0 && tasks.manifest()
      ? tasks.backend().table.getMany<RunRecord>(ofRuns.map((letter) => runKey(runIdOf(letter) ?? '')))
      : [],
  ]);
  return new Map([
    ...ofEmails.map(({ id }, index) => [id, ofEmail(emails[index])] as const),
    ...ofRuns.map((letter, index) => [letter.id, ofRun(runIdOf(letter), runs[index])] as const),
  ]);
}

const isOfRun = (letter: DeadLetter): boolean => {
  const id = runIdOf(letter);
  return id !== undefined && isId(id);
};

function runIdOf({ job }: DeadLetter): string | undefined {
  if (job?.task !== RUN_EXECUTE && job?.task !== RUN_ONCE) return undefined;
  const { args } = job;
  return typeof args === 'object' && args !== null && 'id' in args && typeof args.id === 'string' ? args.id : undefined;
}

/** The last failure that its timeline explains; what mail servers said of the email is none of the job. */
const ofEmail = (record: EmailRecord | undefined): Origin =>
  record ? { emailStatus: record.status, error: timelineOf(record).findLast(isFailure)?.detail } : {};

const isFailure = ({ event, detail }: ReturnType<typeof timelineOf>[number]): boolean =>
  detail !== undefined && (event === 'deferred' || event === 'failed');

const ofRun = (runId: string | undefined, run: RunRecord | undefined): Origin => ({
  runId,
  runStatus: run?.status,
  error: run?.error?.message ?? run?.events?.findLast(({ reason }) => reason)?.reason,
});
