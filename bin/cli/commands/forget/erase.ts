import { createWriters } from '../../../../functions/core/document/writers.ts';
import { isUnsent } from '../../../../functions/core/email/status.ts';
import { cancel } from '../../../../functions/core/email/transitions.ts';
import { deleteAudience, removeRecipient } from '../../../../functions/core/privacy/audience.ts';
import { deleteEmail, findBodies, type Mention, type Wanted } from '../../../../functions/core/privacy/erase.ts';
import { deleteRun, findRunBodies } from '../../../../functions/core/privacy/runs.ts';
import type { OperatedBackend } from '../../backend/operated-backend.ts';
import type { Context } from '../../context.ts';
import { CliError, exitCodes } from '../../errors.ts';
import { type Search, type Stored, visitMentioning } from './search.ts';

/** The part of a search that is to be deleted. */
export type Targets = Pick<
  Search,
  'mentions' | 'deliveries' | 'suppressions' | 'contacts' | 'recipients' | 'runs' | 'deadLetters'
>;

/** The result of a deletion. */
export interface Erasure {
  /** Ids of emails. */
  readonly emails: ReadonlySet<string>;
  readonly deliveries: number;
  readonly suppressions: number;
  /** The contact and its memberships. */
  readonly contacts: number;
  readonly recipients: number;
  readonly runs: number;
  readonly deadLetters: number;
  /** The reasons why documents could not be deleted, by their keys. */
  readonly failures: ReadonlyMap<string, unknown>;
}

/** The deletion of one document. */
interface Deletion {
  readonly key: string;
  readonly run: () => Promise<void>;
}

/** Deletions at a time. */
const AT_ONCE = 20;

/** Deletes what was found. One deletion that fails stops no other. Throws when stopped. */
export async function erase(
  { terminal, now }: Context,
  backend: OperatedBackend,
  targets: Targets,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Erasure> {
  const emails = new Set<string>();
  const failures = new Map<string, unknown>();
  const ids = new Set(targets.mentions.map(({ id }) => id));
  const bodies = ids.size > 0 ? await findBodies(backend.scan, ids) : new Map<string, string[]>();
  const ofEmail = (mention: Mention): Deletion => ({
    key: mention.document.key,
    run: async () => {
      // An email that a worker has at this moment, or that was put back on its queue, stays.
      if (isUnsent(mention) && !(await cancel(backend.table, mention.id, now())).applied) return;
      if (await deleteEmail(backend, mention, bodies.get(mention.id) ?? [])) emails.add(mention.id);
      terminal.progress(`${emails.size} of ${targets.mentions.length} emails deleted …`);
    },
  });
  const ofStored = (stored: Stored): Deletion => ({ key: stored.key, run: () => backend.scan.delete(stored) });
  await runAll(targets.mentions.map(ofEmail), failures, signal);
  const deliveries = await runAll(targets.deliveries.map(ofStored), failures, signal);
  const members = { table: backend.table, scan: backend.scan, asWriter: createWriters(now) };
  const contacts = await runAll(
    targets.contacts.map((stored) => ({ key: stored.key, run: () => deleteAudience(members, stored) })),
    failures,
    signal,
  );
  const recipients = await runAll(
    targets.recipients.map((stored) => ({
      key: stored.key,
      run: () => removeRecipient(backend, stored, wanted.address),
    })),
    failures,
    signal,
  );
  const runs = await deleteRuns(backend, targets.runs, failures, signal);
  const suppressions = await runAll(targets.suppressions.map(ofStored), failures, signal);
  const deadLetters = targets.deadLetters > 0 ? await deleteDeadLetters(backend, wanted, signal) : 0;
  return { emails, deliveries, suppressions, contacts, recipients, runs, deadLetters, failures };
}

async function deleteRuns(
  backend: OperatedBackend,
  runs: readonly Stored[],
  failures: Map<string, unknown>,
  signal: AbortSignal,
): Promise<number> {
  if (runs.length === 0) return 0;
  const stores = backend.runs ?? backend;
  const bodies = await findRunBodies(stores.scan, new Set(runs.map(({ key }) => key)));
  const deletions = runs.map((stored) => ({
    key: stored.key,
    run: () => deleteRun(stores, stored, bodies.get(stored.key) ?? []),
  }));
  return runAll(deletions, failures, signal);
}

async function deleteDeadLetters(backend: OperatedBackend, wanted: Wanted, signal: AbortSignal): Promise<number> {
  const { deadLetters } = await backend.inspection();
  return visitMentioning(deadLetters, wanted, signal, async (letter) => {
    await letter.delete();
    return 'taken';
  });
}

/** Runs a few at a time until told to stop; answers how many succeeded, and notes those that failed. */
async function runAll(
  deletions: readonly Deletion[],
  failures: Map<string, unknown>,
  signal: AbortSignal,
): Promise<number> {
  let done = 0;
  for (let start = 0; start < deletions.length; start += AT_ONCE) {
    if (signal.aborted)
      throw new CliError(
        `Stopped: ${start} of ${deletions.length} deleted. Run it again to go on.`,
        exitCodes.interrupted,
      );
    const some = deletions.slice(start, start + AT_ONCE);
    const outcomes = await Promise.allSettled(some.map(({ run }) => run()));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') done++;
      else failures.set(some[index]?.key ?? '', outcome.reason);
    }
  }
  return done;
}
