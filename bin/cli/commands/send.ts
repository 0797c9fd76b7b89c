import { basename } from 'node:path';
import { createApiKey } from '../../../functions/core/access/api-key.ts';
import { deleteApiKey } from '../../../functions/core/access/api-key-deletion.ts';
import { answer, type Context } from '../context.ts';
import { output } from '../deployment.ts';
import { CliError, exitCodes, usageError } from '../errors.ts';
import { readFile } from '../read-file.ts';

/** The options of `sendoff send`. */
export interface SendOptions {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly replyTo?: readonly string[];
  readonly subject: string;
  readonly text?: string;
  readonly textFile?: string;
  readonly html?: string;
  readonly htmlFile?: string;
  readonly header?: readonly string[];
  readonly tag?: readonly string[];
  readonly attach?: readonly string[];
  readonly at?: string;
  readonly idempotencyKey?: string;
}

interface Access {
  readonly apiUrl: string;
  readonly token: string;
}

/** Longer than the API's own time-out of 28 s, so that its answer comes first. */
const ANSWER_TIMEOUT_MS = 35_000;
const TEMPORARY_KEY_MS = 5 * 60_000;

/** `send`: uses the API as any caller does, so that an app can do what works here. */
export async function send(context: Context, options: SendOptions): Promise<void> {
  const email = await emailOf(context, options);
  const id = await withAccess(context, options, (access) => post(access, email, options.idempotencyKey));
  if (!context.json) context.terminal.note(`Accepted. To see its status: sendoff status ${id}`);
  answer(context, { id }, () => id);
}

async function emailOf(context: Context, options: SendOptions): Promise<object> {
  const { from, to, cc, bcc, replyTo, subject, header = [], tag = [], attach = [], at } = options;
  if (options.text === '-' && options.html === '-')
    throw usageError('Standard input can be --text or --html, not both: give one of them as a file.');
  const text = await content(context, options.text, options.textFile);
  const html = await content(context, options.html, options.htmlFile);
  if (!text && !html)
    throw usageError(
      'There is nothing to send: give --text, --html, --text-file or --html-file (--text - reads standard input).',
    );
  return {
    from,
    to,
    subject,
    ...(cc ? { cc } : {}),
    ...(bcc ? { bcc } : {}),
    ...(replyTo ? { reply_to: replyTo } : {}),
    ...(text ? { text } : {}),
    ...(html ? { html } : {}),
    ...(header.length > 0 ? { headers: Object.fromEntries(header.map((line) => split(line, ':', '--header'))) } : {}),
    ...(tag.length > 0 ? { tags: tag.map((pair) => namedTag(split(pair, '=', '--tag'))) } : {}),
    ...(attach.length > 0 ? { attachments: attach.map(attachment) } : {}),
    ...(at ? { scheduled_at: at } : {}),
  };
}

async function content({ terminal }: Context, value: string | undefined, file: string | undefined) {
  if (value !== undefined && file !== undefined) throw usageError('Give the content itself or a file, not both.');
  if (file !== undefined) return readFile(file).toString('utf8');
  return value === '-' ? terminal.readInput() : value;
}

const attachment = (file: string) => ({ filename: basename(file), content: readFile(file).toString('base64') });

const namedTag = ([name, value]: readonly [string, string]) => ({ name, value });

function split(text: string, separator: ':' | '=', option: string): [string, string] {
  const at = text.indexOf(separator);
  if (at < 1) throw usageError(`${option} takes name${separator}value, not ${JSON.stringify(text)}.`);
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/** Uses SENDOFF_API_KEY, which needs no AWS credentials, or else a key that is made for this one email. */
async function withAccess(
  context: Context,
  { idempotencyKey }: SendOptions,
  use: (access: Access) => Promise<string>,
): Promise<string> {
  const { SENDOFF_API_KEY: token, SENDOFF_API_URL: url } = context.terminal.env;
  if (token && url) return use({ apiUrl: url.replace(/\/$/, ''), token });
  const deployment = await context.deployment();
  const apiUrl = output(deployment, 'ApiUrl');
  // The Sendoff on this machine does not know the keys of a deployed stack.
  if (token && !deployment.local) return use({ apiUrl, token });
  if (idempotencyKey !== undefined)
    throw usageError('--idempotency-key needs a key that lasts: set SENDOFF_API_KEY and SENDOFF_API_URL.');
  const { table } = await context.backend();
  const key = { name: 'sendoff send (temporary)', permission: 'sending_access' } as const;
  // It expires, in case this process dies before it deletes it.
  const expiresAtMs = context.now() + TEMPORARY_KEY_MS;
  const { id, token: temporary } = await createApiKey(table, { ...key, expiresAtMs }, context.now());
  try {
    return await use({ apiUrl, token: temporary });
  } finally {
    await deleteApiKey(table, id, context.now());
  }
}

async function post({ apiUrl, token }: Access, email: object, idempotencyKey: string | undefined): Promise<string> {
  const response = await fetch(`${apiUrl}/emails`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    body: JSON.stringify(email),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  const body = await response.text();
  if (response.ok) return idOf(body);
  const said = messageOf(body) || body.slice(0, 200) || response.statusText;
  throw new CliError(
    `Refused: ${said} (${response.status})`,
    response.status === 422 ? exitCodes.usage : exitCodes.failed,
  );
}

function idOf(body: string): string {
  const { id }: { id?: string } = JSON.parse(body);
  if (!id) throw new CliError('The API answered without an id.');
  return id;
}

/** The message of an error of the API or the gateway; undefined for a text that is not JSON. */
function messageOf(body: string): string | undefined {
  try {
    const { message }: { message?: string } = JSON.parse(body);
    return message;
  } catch {
    return undefined;
  }
}
