import { parseMailbox } from '../../functions/core/address.ts';
import {
  deleteEmail,
  findDeliveries,
  findMentions,
  isUnsent,
  type Mention,
  type Role,
  roles,
} from '../../functions/core/forget.ts';
import type { Table } from '../../functions/core/ports.ts';
import { findSuppression, type Suppression, suppressionKey } from '../../functions/core/suppression.ts';
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
  /** Take it off the suppression list too. */
  readonly suppression?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

interface Search {
  readonly examined: number;
  readonly mentions: readonly Mention[];
  /** Keys of what webhooks were told. */
  readonly deliveries: readonly string[];
  /** Present when the address is suppressed. */
  readonly suppression: Suppression | undefined;
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
  const { deliveries } = search;
  const suppression = options.suppression ? search.suppression : undefined;
  const found = { examined: search.examined, found: search.mentions.length };
  if (!context.json) terminal.note(describe(search, waiting, options));
  const nothing = search.mentions.length === 0 && deliveries.length === 0 && !suppression;
  if (options.dryRun || nothing) {
    const unsent = waiting.map(({ record }) => record.id);
    answer(
      context,
      { ...found, deleted: 0, unsent, webhook_deliveries: 0, suppression: fateOf(search, false) },
      () => 'Nothing was deleted.',
    );
    return;
  }
  if (!options.yes && (doomed.length > 0 || deliveries.length > 0 || suppression))
    await confirm(context, `Delete ${whatOf(doomed.length, deliveries.length, suppression)}? This cannot be undone.`);
  const deleted = await deleteAll(context, backend, doomed, signal);
  await deleteEach(deliveries, (key) => backend.table.delete(key), signal);
  if (suppression) await backend.table.delete(suppressionKey(suppression.id));
  const kept = search.mentions.filter(({ record }) => !deleted.has(record.id)).map(({ record }) => record.id);
  answer(
    context,
    {
      ...found,
      deleted: deleted.size,
      unsent: kept,
      webhook_deliveries: deliveries.length,
      suppression: fateOf(search, suppression !== undefined),
    },
    () => farewell(whatOf(deleted.size, deliveries.length, suppression), search.suppression && !suppression, backend),
  );
  if (kept.length > 0)
    throw new CliError(
      `Still to be sent, so still there: ${kept.join(', ')}. Run it again when they are sent, or with --cancel.`,
    );
}

const fateOf = ({ suppression }: Search, deleted: boolean) => (suppression ? (deleted ? 'deleted' : 'kept') : 'none');

/** What is or was deleted, in words; empty for nothing. */
function whatOf(emails: number, deliveries: number, suppression: Suppression | undefined): string {
  return [
    ...(emails > 0 ? [count(emails, 'email')] : []),
    ...(deliveries > 0 ? [`what webhooks were told (${count(deliveries, 'event')})`] : []),
    ...(suppression ? ['its suppression'] : []),
  ].join(', ');
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
  const deliveries: string[] = [];
  const ids = new Set(mentions.map(({ record }) => record.id));
  for await (const page of findDeliveries(table, address, ids)) {
    if (signal.aborted) throw new CliError('Stopped. Nothing was deleted.', exitCodes.interrupted);
    deliveries.push(...page.keys);
  }
  return { examined, mentions, deliveries, suppression: await findSuppression(table, address) };
}

function describe(
  { examined, mentions, deliveries, suppression }: Search,
  waiting: readonly Mention[],
  { cancel: cancels, suppression: frees }: ForgetOptions,
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
    ...(deliveries.length > 0 ? [`${count(deliveries.length, 'event')} that webhooks were told about it.`] : []),
    ...(suppression && !frees ? ['It is on the suppression list, and stays there without --suppression.'] : []),
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
  await deleteEach(doomed, deleteOne, signal, () => terminal.progress(`${deleted.size} of ${doomed.length} deleted …`));
  return deleted;
}

/** A few at a time, until told to stop. */
async function deleteEach<T>(
  doomed: readonly T[],
  deleteOne: (one: T) => Promise<unknown>,
  signal: AbortSignal,
  onProgress: () => void = () => {},
): Promise<void> {
  for (let start = 0; start < doomed.length; start += AT_ONCE) {
    if (signal.aborted)
      throw new CliError(
        `Stopped: ${start} of ${doomed.length} deleted. Run it again to go on.`,
        exitCodes.interrupted,
      );
    await Promise.all(doomed.slice(start, start + AT_ONCE).map(deleteOne));
    onProgress();
  }
}

function farewell(what: string, staysSuppressed: boolean | undefined, { remains }: OperatedBackend): string {
  if (what === '') return 'Nothing was deleted.';
  return [
    `Deleted ${what}.`,
    'Not deleted, because it is not here or not yours to delete:',
    '  - what recipients have in their mailboxes',
    `  - ${remains}`,
    "  - SES's own suppression list: aws sesv2 delete-suppressed-destination --email-address …",
    ...(staysSuppressed
      ? ['  - its entry in the suppression list, so that nothing is sent to it (--suppression)']
      : []),
  ].join('\n');
}
