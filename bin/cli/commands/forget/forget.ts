import { isUnsent } from '../../../../functions/core/email/status.ts';
import type { Wanted } from '../../../../functions/core/privacy/erase.ts';
import type { OperatedBackend } from '../../backend/operated-backend.ts';
import { answer, type Context, confirm } from '../../context.ts';
import { CliError } from '../../errors.ts';
import { type Erasure, erase, type Targets } from './erase.ts';
import type { ForgetOptions } from './options.ts';
import { adviceOn, describeAmounts, describeSearch, type Leftovers, summaryOf } from './report.ts';
import { findAll, readAddress, type Search } from './search.ts';

const NOTHING: Erasure = {
  ...{ emails: new Set<string>(), deliveries: 0, suppressions: 0, contacts: 0, recipients: 0 },
  ...{ runs: 0, deadLetters: 0 },
  failures: new Map(),
};

/**
 * `forget ADDRESS`: deletes every email that names a person, with record and body, and all other documents about them.
 * Fails when a document is left that names the address, or may name it.
 */
export async function forget(context: Context, given: string, options: ForgetOptions): Promise<void> {
  const { terminal } = context;
  const text = given === '-' ? (await terminal.readInput()).trim() : given;
  const wanted: Wanted = { address: readAddress(text), sender: options.sender ?? false };
  const backend = await context.backend();
  const signal = terminal.interruption();
  const search = await findAll(backend, wanted, terminal, signal);
  if (!context.json) terminal.note(describeSearch(search, options));
  const targets = targetsOf(search, options);
  const what = describeAmounts({
    emails: targets.mentions.length,
    deliveries: targets.deliveries.length,
    suppressions: targets.suppressions.length,
    contacts: targets.contacts.length,
    recipients: targets.recipients.length,
    runs: targets.runs.length,
    deadLetters: targets.deadLetters,
  });
  const deletes = what !== '' && !options.dryRun;
  if (deletes && !options.yes) await confirm(context, `Delete ${what}? This cannot be undone.`);
  const erasure = deletes ? await erase(context, backend, targets, wanted, signal) : NOTHING;

  const leftovers = leftoversOf(search, erasure, deletes);
  tell(context, backend, search, erasure, leftovers);
  const advice = adviceOn(leftovers);
  if (advice && !options.dryRun) throw new CliError(advice);
  if (advice) terminal.note(advice);
}

/** Finds out what is still there. Without a deletion, the emails among it are those that would need --cancel. */
function leftoversOf(
  { mentions, importing, running, unreadBodies, unreadable, elsewhere }: Search,
  erasure: Erasure,
  deleted: boolean,
): Leftovers {
  const { emails, failures } = erasure;
  const left = mentions.filter(({ id, document }) => !emails.has(id) && !failures.has(document.key));
  const unsent = left.filter((mention) => deleted || isUnsent(mention)).map(({ id }) => id);
  return { unsent, importing, running, unreadBodies, unreadable, elsewhere, failures };
}

function tell(
  context: Context,
  backend: OperatedBackend,
  search: Search,
  erasure: Erasure,
  { unsent, importing, running, unreadBodies, unreadable, elsewhere, failures }: Leftovers,
): void {
  const amounts = { ...erasure, emails: erasure.emails.size };
  const suppression = suppressionOutcome(search, erasure);
  const view = {
    examined: search.examined,
    found: search.mentions.length,
    deleted: amounts.emails,
    unsent,
    webhook_deliveries: amounts.deliveries,
    contact: amounts.contacts,
    broadcast_recipients: amounts.recipients,
    runs: amounts.runs,
    runs_not_ended: running,
    run_values_not_searched: unreadBodies,
    importing,
    dead_letters: amounts.deadLetters,
    suppression,
    not_deleted: [...failures.keys()],
    unreadable,
    elsewhere,
  };
  answer(context, view, () => summaryOf(amounts, suppression === 'kept', backend));
}

function targetsOf(search: Search, options: ForgetOptions): Targets {
  return {
    ...search,
    mentions: options.cancel ? search.mentions : search.mentions.filter((mention) => !isUnsent(mention)),
    suppressions: options.suppression ? search.suppressions : [],
  };
}

function suppressionOutcome(
  { suppressions: found }: Search,
  { suppressions: deleted }: Erasure,
): 'none' | 'deleted' | 'kept' {
  if (found.length === 0) return 'none';
  return deleted === found.length ? 'deleted' : 'kept';
}
