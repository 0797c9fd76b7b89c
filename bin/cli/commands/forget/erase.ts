import { isUnsent } from '../../../../functions/core/email/status.ts';
import { cancel } from '../../../../functions/core/email/transitions.ts';
import { deleteEmail, findBodies, type Mention, type Wanted } from '../../../../functions/core/privacy/erase.ts';
import type { OperatedBackend } from '../../backend/open.ts';
import { CliError, exitCodes } from '../../cli-error.ts';
import type { Context } from '../../context.ts';
import { type Search, type Stored, visitDeadLetters } from './search.ts';

/** What is to be deleted. */
export type Doomed = Pick<Search, 'mentions' | 'deliveries' | 'suppressions' | 'deadLetters'>;

/** What was deleted of it. */
export interface Erasure {
  /** Ids of emails. */
  readonly emails: ReadonlySet<string>;
  readonly deliveries: number;
  readonly suppressions: number;
  readonly deadLetters: number;
  /** What could not be deleted, by its key, with the reason. */
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
  doomed: Doomed,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Erasure> {
  const emails = new Set<string>();
  const failures = new Map<string, unknown>();
  const ids = new Set(doomed.mentions.map(({ id }) => id));
  const bodies = ids.size > 0 ? await findBodies(backend.scan, ids) : new Map<string, string[]>();
  const ofEmail = (mention: Mention): Deletion => ({
    key: mention.document.key,
    run: async () => {
      // One that a worker has at this moment, or that was put back, stays.
      if (isUnsent(mention) && !(await cancel(backend.table, mention.id, now())).applied) return;
      if (await deleteEmail(backend, mention, bodies.get(mention.id) ?? [])) emails.add(mention.id);
      terminal.progress(`${emails.size} of ${doomed.mentions.length} emails deleted …`);
    },
  });
  const ofStored = (stored: Stored): Deletion => ({ key: stored.key, run: () => backend.scan.delete(stored) });
  await runAll(doomed.mentions.map(ofEmail), failures, signal);
  const deliveries = await runAll(doomed.deliveries.map(ofStored), failures, signal);
  const suppressions = await runAll(doomed.suppressions.map(ofStored), failures, signal);
  const deadLetters = doomed.deadLetters > 0 ? await deleteDeadLetters(backend, wanted, signal) : 0;
  return { emails, deliveries, suppressions, deadLetters, failures };
}

async function deleteDeadLetters(backend: OperatedBackend, wanted: Wanted, signal: AbortSignal): Promise<number> {
  return visitDeadLetters(await backend.deadLetters(), wanted, signal, async (letter) => {
    await letter.delete();
    return 'taken';
  });
}

/** A few at a time, until told to stop; answers how many did not fail, and notes those that did. */
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
