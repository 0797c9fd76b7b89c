import { basename } from 'node:path';
import { sha256 } from '../../../../functions/core/ids.ts';
import { type Api, type Json, withApi } from '../../api.ts';
import { type Context, confirm } from '../../context.ts';
import { CliError, exitCodes, usageError } from '../../errors.ts';
import { count } from '../../layout.ts';
import { readFile } from '../../read-file.ts';
import { segmentIdOf, segmentsOfApi } from '../../segment.ts';
import { piecesOf, type RecipientFile, readRecipients, type WrongLine } from './list-file.ts';
import { show, watch } from './watch.ts';

/** The options of `sendoff broadcast send`. */
export interface BroadcastOptions {
  readonly to?: string;
  readonly segment?: string;
  readonly template?: string;
  readonly html?: string;
  readonly text?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly name?: string;
  readonly at?: string;
  readonly skipInvalid?: boolean;
  readonly yes?: boolean;
  readonly watch: boolean;
}

/** Wrong lines that are shown. */
const SHOWN_LINES = 20;

/**
 * `broadcast send`: creates a broadcast, gives it its list, sends it, and shows its progress. The file and the options make its identity:
 * the same command goes on where an earlier one ended, and never sends twice.
 */
export async function sendBroadcast(context: Context, options: BroadcastOptions): Promise<void> {
  if ((options.to === undefined) === (options.segment === undefined))
    throw usageError('Give the recipients: --to FILE or --segment NAME.');
  const file = options.to === undefined ? undefined : readRecipients(options.to);
  if (file) checkFile(context, file, options);
  const fields = fieldsOf(options);
  await withApi(context, async (api) => {
    const segmentId =
      options.segment === undefined ? undefined : await segmentIdOf(segmentsOfApi(api), options.segment);
    const hash = identityOf(fields, segmentId, file);
    const id = await draftOf(context, api, hash, {
      ...fields,
      ...(segmentId ? { segment_id: segmentId } : { recipients: [] }),
    });
    const found = await api.ask('GET', `/broadcasts/${id}`);
    if (found.status === 'draft') {
      if (file) await upload(context, api, found, file);
      if (!options.yes) await confirm(context, question(found, file, options));
      await api.ask('POST', `/broadcasts/${id}/send`, options.at ? { scheduled_at: options.at } : {}, {
        'idempotency-key': `cli-send-${hash}`,
      });
    } else
      context.terminal.note(
        `This list was given before: its broadcast is ${found.status}. Another --name sends it again.`,
      );
    if (options.watch && !options.at) await watch(context, api, id);
    else show(context, await api.ask('GET', `/broadcasts/${id}`));
  });
}

/** The hash of what makes a broadcast another one. */
const identityOf = (fields: object, segmentId: string | undefined, file: RecipientFile | undefined): string =>
  // Not the lines that were left out: the same file with and without them is not the same list.
  sha256(JSON.stringify([fields, segmentId, file?.recipients]));

function checkFile({ terminal }: Context, file: RecipientFile, { to, skipInvalid }: BroadcastOptions): void {
  const { wrong, repeated, recipients } = file;
  for (const { line, why } of wrong.slice(0, SHOWN_LINES)) terminal.note(`line ${line}: ${why}`);
  if (wrong.length > SHOWN_LINES) terminal.note(`… and ${count(wrong.length - SHOWN_LINES, 'line')} more`);
  if (repeated > 0) terminal.note(`${count(repeated, 'line')} left out: the address is on an earlier line.`);
  if (wrong.length > 0 && !skipInvalid) throw usageError(wrongLines(to, wrong));
  if (recipients.length === 0) throw usageError(`${to} has no recipients.`);
}

const wrongLines = (file: string | undefined, wrong: readonly WrongLine[]): string =>
  `${count(wrong.length, 'line')} of ${file} cannot be sent to; nothing was sent. Correct them, or leave them out with --skip-invalid.`;

function fieldsOf({
  template,
  html,
  text,
  subject,
  from,
  name,
  to,
  segment,
}: BroadcastOptions): Record<string, unknown> {
  if (template === undefined && html === undefined && text === undefined)
    throw usageError('There is nothing to send: give --template, or --html FILE or --text FILE.');
  if (template !== undefined && (html !== undefined || text !== undefined))
    throw usageError('Give either --template, or --html and --text.');
  if (template === undefined && subject === undefined) throw usageError('Give --subject.');
  if (template === undefined && from === undefined) throw usageError('Give --from.');
  return {
    name: (name ?? (to === undefined ? segment : basename(to)) ?? '').slice(0, 70),
    ...(template === undefined ? {} : { template: { id: template } }),
    ...(html === undefined ? {} : { html: readFile(html).toString('utf8') }),
    ...(text === undefined ? {} : { text: readFile(text).toString('utf8') }),
    ...(subject === undefined ? {} : { subject }),
    ...(from === undefined ? {} : { from }),
  };
}

/** A note of the CLI in the table: the broadcast that a list with this hash made. */
const noteKey = (hash: string): string => `cli-broadcast#${hash}`;
const NOTED_MS = 30 * 86_400_000;

/**
 * The draft of an earlier run, or a new one. With an API key of the caller's the idempotency key finds it; the keys that this process
 * makes differ in each run, so that it is noted in the table, which they need anyway.
 */
async function draftOf(context: Context, api: Api, hash: string, fields: object): Promise<string> {
  const create = async (): Promise<string> => {
    const key = { 'idempotency-key': `cli-${hash}` };
    return (await api.ask('POST', '/broadcasts', fields, key)).id;
  };
  if (api.ownKey) return create();
  const { table } = await context.backend();
  const noted = await table.get<{ broadcastId: string }>(noteKey(hash));
  if (noted && (await exists(api, noted.broadcastId))) return noted.broadcastId;
  const id = await create();
  const note = { broadcastId: id };
  const { applied } = await table.insert({ key: noteKey(hash), fields: note, expiresAtMs: context.now() + NOTED_MS });
  if (!applied) await table.update(noteKey(hash), { set: note });
  return id;
}

async function exists(api: Api, id: string): Promise<boolean> {
  try {
    await api.ask('GET', `/broadcasts/${id}`);
    return true;
  } catch (error) {
    if (error instanceof CliError && error.exitCode === exitCodes.notFound) return false;
    throw error;
  }
}

async function upload({ terminal }: Context, api: Api, broadcast: Json, { recipients }: RecipientFile): Promise<void> {
  const signal = terminal.interruption();
  for (const piece of piecesOf(recipients)) {
    if (piece.offset < (broadcast.list?.offset ?? 0)) continue;
    if (signal.aborted)
      throw new CliError(
        `Stopped while the list was uploaded; nothing was sent. The same command goes on; \`sendoff broadcast delete ${broadcast.id}\` deletes it.`,
        exitCodes.interrupted,
      );
    await api.ask('POST', `/broadcasts/${broadcast.id}/recipients`, piece);
    const done = piece.offset + piece.recipients.length;
    terminal.progress(`uploading … ${Math.floor((100 * done) / recipients.length)} %`);
  }
}

function question({ from, subject }: Json, file: RecipientFile | undefined, { segment, at }: BroadcastOptions): string {
  const who = file ? count(file.recipients.length, 'recipient') : `the segment ${segment}`;
  return `Send "${subject}" from ${from} to ${who}${at ? ` ${at}` : ''}?`;
}
