import { parseMailbox } from '../../functions/core/address.ts';
import { deleteEmail, findMentions, isUnsent, type Mention, type Role, roles } from '../../functions/core/forget.ts';
import type { Table } from '../../functions/core/ports.ts';
import { cancel } from '../../functions/core/transitions.ts';
import type { OperatedBackend } from './backend/operated-backend.ts';
import { CliError, exitCodes } from './cli-error.ts';
import { confirm } from './confirm.ts';
import { answer, type Context } from './context.ts';
import { count } from './layout.ts';

/** What `sendoff forget` takes. */
export interface ForgetOptions {
  /** Emails that the address sent, too. */
  readonly sender?: boolean;
  /** Cancel what is still to be sent, and delete it with the rest. */
  readonly cancel?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

interface Search {
  readonly examined: number;
  readonly mentions: readonly Mention[];
}

/** Deletions at a time. */
const AT_ONCE = 20;

/** `forget ADDRESS`: deletes every email that names a person, records and bodies. */
export async function forget(context: Context, given: string, options: ForgetOptions): Promise<void> {
  const { terminal } = context;
  const text = given === '-' ? (await terminal.readInput()).trim() : given;
  const { address } = parseMailbox(text, 'address');
  const backend = await context.backend();
  const signal = terminal.interruption();
  const search = await findAll(context, backend.table, address, options, signal);
  const waiting = search.mentions.filter(({ record }) => isUnsent(record));
  const doomed = options.cancel ? search.mentions : search.mentions.filter(({ record }) => !isUnsent(record));
  const found = { examined: search.examined, found: search.mentions.length };
  if (!context.json) terminal.note(describe(search, waiting, options));
  if (options.dryRun || search.mentions.length === 0) {
    answer(
      context,
      { ...found, deleted: 0, unsent: waiting.map(({ record }) => record.id) },
      () => 'Nothing was deleted.',
    );
    return;
  }
  if (!options.yes && doomed.length > 0)
    await confirm(context, `Delete ${count(doomed.length, 'email')}? This cannot be undone.`);
  const deleted = await deleteAll(context, backend, doomed, signal);
  const kept = search.mentions.filter(({ record }) => !deleted.has(record.id)).map(({ record }) => record.id);
  answer(context, { ...found, deleted: deleted.size, unsent: kept }, () => farewell(deleted.size, backend));
  if (kept.length > 0)
    throw new CliError(
      `Still to be sent, so still there: ${kept.join(', ')}. Run it again when they are sent, or with --cancel.`,
    );
}

async function findAll(
  { terminal }: Context,
  table: Table,
  address: string,
  { sender }: ForgetOptions,
  signal: AbortSignal,
): Promise<Search> {
  const wanted: readonly Role[] = sender ? roles : roles.filter((role) => role !== 'from');
  const mentions: Mention[] = [];
  let examined = 0;
  for await (const page of findMentions(table, address, wanted)) {
    if (signal.aborted) throw new CliError('Stopped. Nothing was deleted.', exitCodes.interrupted);
    mentions.push(...page.mentions);
    examined += page.examined;
    terminal.progress(`${examined} emails examined, ${mentions.length} found …`);
  }
  return { examined, mentions };
}

function describe(
  { examined, mentions }: Search,
  waiting: readonly Mention[],
  { cancel: cancels }: ForgetOptions,
): string {
  const byRole = roles
    .map((role) => ({ role, number: mentions.filter((mention) => mention.roles.includes(role)).length }))
    .filter(({ number }) => number > 0)
    .map(({ role, number }) => `${role === 'replyTo' ? 'reply-to' : role}: ${number}`);
  const shared = mentions.filter(({ record }) => recipients(record) > 1).length;
  return [
    `${count(examined, 'email')} examined; ${mentions.length} with this address${byRole.length > 0 ? ` (${byRole.join(', ')})` : ''}.`,
    ...(shared > 0 ? [`${shared} of them went to others too: record and body are deleted for all.`] : []),
    ...(waiting.length > 0
      ? [
          `${waiting.length} of them still to be sent: ${cancels ? 'canceled for all recipients, then deleted' : 'left alone without --cancel'}.`,
        ]
      : []),
  ].join('\n');
}

const recipients = ({ to, cc = [], bcc = [] }: Mention['record']): number => to.length + cc.length + bcc.length;

/** Answers the ids of those deleted; one that a worker has at this moment, or that was put back, is not among them. */
async function deleteAll(
  { terminal, now }: Context,
  backend: OperatedBackend,
  doomed: readonly Mention[],
  signal: AbortSignal,
): Promise<Set<string>> {
  const deleted = new Set<string>();
  const deleteOne = async ({ record }: Mention) => {
    if (isUnsent(record) && !(await cancel(backend.table, record.id, now())).applied) return;
    if (await deleteEmail(backend, record)) deleted.add(record.id);
  };
  for (let start = 0; start < doomed.length; start += AT_ONCE) {
    if (signal.aborted)
      throw new CliError(
        `Stopped: ${deleted.size} of ${doomed.length} deleted. Run it again to go on.`,
        exitCodes.interrupted,
      );
    await Promise.all(doomed.slice(start, start + AT_ONCE).map(deleteOne));
    terminal.progress(`${deleted.size} of ${doomed.length} deleted …`);
  }
  return deleted;
}

function farewell(deleted: number, { remains }: OperatedBackend): string {
  if (deleted === 0) return 'Nothing was deleted.';
  return [
    `Deleted ${count(deleted, 'email')}: records, bodies and attachments.`,
    'Not deleted, because it is not here or not yours to delete:',
    '  - what recipients have in their mailboxes',
    `  - ${remains}`,
    "  - SES's own suppression list: aws sesv2 delete-suppressed-destination --email-address …",
  ].join('\n');
}
