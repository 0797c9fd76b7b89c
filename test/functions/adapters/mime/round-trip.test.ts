import { parseHeaderValue } from 'nodemailer/lib/mime-funcs';
import PostalMime, { decodeWords, type Email as PostalEmail } from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { composeMime, type FetchFile } from '../../../../functions/adapters/mime/compose.ts';
import type { Mailbox } from '../../../../functions/core/email/address.ts';
import { packBody, unpackBody } from '../../../../functions/core/email/body.ts';
import { type Email, parseEmail } from '../../../../functions/core/email/email.ts';
import { isStructuredHeader } from '../../../../functions/core/email/headers.ts';
import { addressOf } from '../../../../functions/core/email/recipients.ts';
import { type EmailRecord, newRecord } from '../../../../functions/core/email/record.ts';
import { SendoffError } from '../../../../functions/core/errors.ts';
import { splitAddressList } from '../../../../lib/local/cloud/ses/address.ts';
import { checkRecipients, checkSource } from '../../../../lib/local/cloud/ses/checks.ts';
import { checkHeaders, headerValue, type RawHeader, scanHeaders } from '../../../../lib/local/cloud/ses/raw-headers.ts';
import { pick, randomFrom, textOf } from '../../../helpers/random-text.ts';

const nowMs = Date.parse('2026-11-21T12:00:00Z');
const identity = { id: '01234567-89ab-8cde-8f01-23456789abcd', fingerprint: 'f', queue: 'bulk' } as const;
const EMAILS = 2_500;
const neverFetch: FetchFile = async (url) => {
  throw new Error(`fetched ${url}`);
};

/** Pieces of text that are hard for encodings, folding and parsers. */
const pieces = [
  ...['a', 'word ', 'B', '7', ' ', '  ', ' '.repeat(61), ' '.repeat(90), '\t', '.', '..', '-', '_', '=', '?', '~'],
  ...[
    '"',
    '""',
    "'",
    '\\',
    '\\"',
    '(',
    ')',
    '(a comment)',
    '<',
    '>',
    '<>',
    ',',
    ';',
    ':',
    '@',
    '[',
    ']',
    '%41',
    '&amp;',
  ],
  ...['=?utf-8?q?x?=', '=?utf-8?B?eA==?=', '=?', '?=', '=?utf-8?q?', '=?x?y?z?=', '=?UTF-8?Q?a b?=', "utf-8''%41"],
  ...['é', 'ß', 'Grüße', '世界', '👋', '👩‍👩‍👧', 'שלום', '\u202e', '\u200f', '\u00a0', '\u2028', '\u0085', '\ufffd'],
  ...['\ud83d', '\udc4b', 'e\u0301', 'w'.repeat(80), 'w'.repeat(400), 'ü'.repeat(40), 'Team: ', '; ', 'Bcc: x@y.zz'],
  ...['\r\n', '\n', '\r', '\u0000', '\u001b', '\u007f'],
];
/** The same without control characters, so that most emails are accepted. */
const fair = pieces.slice(0, -6);
const localParts = [
  ...[
    'ann',
    'a.b',
    "o'neil",
    'a+tag',
    '"a..b"',
    '"a.b"',
    '"john doe"',
    '""',
    '" "',
    '"a@b"',
    '"a,b"',
    '".a"',
    '"a  b "',
  ],
  ...[
    '"a\\"b"',
    '"a\\\\b"',
    '"\\a"',
    '"(x)"',
    '"a<b>"',
    '"a;b:c"',
    `"${' '.repeat(60)}"`,
    '=?utf-8?q?x?=',
    '{}|~',
    '.a',
    'ü',
  ],
];
const headerNames = [
  ...['X-Text', 'x-lower', 'References', 'In-Reply-To', 'List-Unsubscribe', 'List-ID', 'Keywords', 'Comments', 'X-'],
  ...['Disposition-Notification-To', 'Auto-Submitted', 'constructor', '__proto__', `X-${'n'.repeat(74)}`, 'OTP-Token'],
];
const types = [
  ...['text/plain', 'TEXT/Html; charset=utf-8', 'image/png', 'application/pdf; name="a b.pdf"', 'a/b;'],
  ...[
    'text/plain; charset',
    'text/csv; header=present; x="a;b\\"c"',
    'text/plain; format=flowed',
    'application/x; y=(z)',
  ],
  ...[
    'text/plain;;',
    'text/plain; =',
    'text/plain; x="',
    'multipart/mixed',
    'text/plain; name=é',
    'application/x; filename*=a',
    `a/b; c="${' '.repeat(90)}"`,
  ],
];

function hostileEmail(random: () => number): Record<string, unknown> {
  const text = (most = 5) => textOf(random, random() < 0.15 ? pieces : fair, most);
  const maybe = <T>(chance: number, make: () => T) => (random() < chance ? make() : undefined);
  const address = () =>
    `${pick(random, localParts)}@${pick(random, ['docomo.example', 'münchen.example', 'EXAMPLE.com'])}`;
  const mailbox = () =>
    pick(random, [
      () => address(),
      () => `<${address()}>`,
      () => `${text(3)} <${address()}>`,
      () => `"${text(3).replace(/["\\]/g, '\\$&')}" <${address()}>`,
    ])();
  const several = (make: () => string) => Array.from({ length: 1 + Math.floor(random() * 3) }, make);
  const file = () => ({
    content: Buffer.from(text()).toString('base64'),
    filename: maybe(0.8, text),
    content_type: maybe(0.5, () => pick(random, types)),
    content_id: maybe(0.3, () => pick(random, ['logo', 'a@b', '"q"', 'a(b)c', '=?utf-8?q?x?=', text(2)])),
  });
  const headers = several(() => pick(random, headerNames)).map((name) => [
    name,
    pick(random, [text(), `<${text(2)}>`]),
  ]);
  return {
    from: mailbox(),
    to: pick(random, [mailbox, () => several(mailbox)])(),
    cc: maybe(0.3, mailbox),
    bcc: maybe(0.2, mailbox),
    reply_to: maybe(0.3, () => several(mailbox)),
    subject: text(),
    text: maybe(0.7, () => text(8)),
    html: maybe(0.5, () => `<p>${text(8)}`),
    headers: maybe(0.4, () =>
      JSON.parse(`{${headers.map((pair) => pair.map((one) => JSON.stringify(one)).join(':'))}}`),
    ),
    attachments: maybe(0.3, () => [file(), file()].slice(random() < 0.5 ? 1 : 0)),
  };
}

/** Accepts, stores and composes the email; undefined if it is refused. */
async function accepted(input: unknown): Promise<Email | undefined> {
  try {
    return await parseEmail(input, nowMs);
  } catch (error) {
    expect(error).toBeInstanceOf(SendoffError);
    expect(error).toMatchObject({ status: 422 });
    return undefined;
  }
}

const throughJson = <T>(value: T): T => JSON.parse(Buffer.from(JSON.stringify(value)).toString());

/** A strict mailbox of RFC 5322 3.4: `a@b.c`, `<a@b.c>` or `Name <a@b.c>`. */
function readMailbox(entry: string): Mailbox {
  const [, name = '', bracketed, bare] =
    /^(?:(.+) )?<((?:[^<>"]+|"(?:[^"\\]|\\.)*")@[^<>"@]+)>$|^([^\s"(),:;<>@[\\\]]+@[^\s"(),:;<>@[\\\]]+)$/.exec(
      entry,
    ) ?? [];
  const quoted = /^"((?:[^"\\]|\\.)*)"$/.exec(name)?.[1];
  return { name: quoted?.replace(/\\(.)/g, '$1') ?? decodeWords(name), address: bracketed ?? bare ?? entry };
}

/** The header sections of the message and of its parts. */
const sectionsOf = (raw: string) =>
  raw.split(/^----_NmP-.*\r\n/m).map((part) => part.slice(0, part.indexOf('\r\n\r\n') + 2));

/** Reads names by RFC 2231: the parser trims each piece of a long name and decodes it twice. */
function fileNames(raw: string): string[] {
  const dispositions = sectionsOf(raw).map((section) => headerValue(scanHeaders(section), 'Content-Disposition'));
  return dispositions
    .filter((value) => value !== undefined)
    .map((value) => decodeWords(parseHeaderValue(value).params.filename ?? ''));
}

function checkRaw(raw: string): RawHeader[] {
  for (const section of sectionsOf(raw)) {
    expect(section).toMatch(/^[\t\r\n -~]*$/);
    expect(section).not.toMatch(/^[\t ]+$/m);
  }
  expect(raw).toMatch(/^\p{ASCII}*$/u);
  expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  expect(Math.max(...raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
  const headers = scanHeaders(raw);
  checkHeaders(headers, raw);
  return headers;
}

function checkEnvelope(email: Email, record: EmailRecord, headers: RawHeader[]): void {
  const recipients = [...record.to, ...(record.cc ?? []), ...(record.bcc ?? [])].map(addressOf);
  expect(recipients).toEqual([...email.to, ...email.cc, ...email.bcc].map(({ address }) => address));
  expect(checkRecipients(recipients, headers)).toEqual(recipients);
  expect(checkSource(addressOf(record.from), headers).from).toBe(email.from.address);
}

function checkMailboxes(email: Email, headers: RawHeader[]): void {
  const inHeader = (name: string) => splitAddressList(headerValue(headers, name) ?? '').map(readMailbox);
  expect(inHeader('From')).toEqual([email.from]);
  expect(inHeader('To')).toEqual(email.to);
  expect(inHeader('Cc')).toEqual(email.cc);
  expect(inHeader('Reply-To')).toEqual(email.replyTo);
}

/** A value with its own syntax must arrive without encoded words. */
function checkCustomHeaders(email: Email, headers: RawHeader[]): void {
  const custom = headers.slice(
    0,
    headers.findIndex(({ name }) => name === 'From'),
  );
  const read = custom.map(({ name, value }) => [name, isStructuredHeader(name) ? value : decodeWords(value)]);
  const given = Object.entries(email.headers).map(([name, value]) => [
    name,
    value.toWellFormed().replace(/^[\t ]+|[\t ]+$/g, ''),
  ]);
  expect(read).toEqual(given.filter(([, value]) => value !== ''));
}

const lines = (text = '') => text.toWellFormed().replace(/\r\n?/g, '\n').replace(/\n$/, '');

function checkParts(email: Email, read: PostalEmail): void {
  if (email.text) expect(lines(read.text)).toContain(lines(email.text));
  if (email.html) expect(lines(read.html)).toContain(lines(email.html));
  const got = read.attachments.map(({ contentId, mimeType, content }) => ({
    contentId,
    mimeType,
    content: Buffer.from(typeof content === 'string' ? content : new Uint8Array(content)).toString('base64'),
  }));
  const files = email.attachments.map(({ contentId, contentType, content }) => ({
    contentId: contentId === undefined ? undefined : `<${contentId}>`,
    mimeType: contentType?.replace(/ *;.*/, '').toLowerCase() ?? expect.any(String),
    content,
  }));
  // Files that the html refers to come before the others.
  expect(got).toHaveLength(files.length);
  expect(got).toEqual(expect.arrayContaining(files));
}

async function checkRoundTrip(email: Email): Promise<void> {
  const record = throughJson(newRecord(email, identity, nowMs));
  const message = await composeMime(record, unpackBody(packBody(email)), neverFetch, 1_000);
  const raw = Buffer.from(message).toString('latin1');
  const headers = checkRaw(raw);
  checkEnvelope(email, record, headers);
  checkMailboxes(email, headers);
  checkCustomHeaders(email, headers);
  const read = await PostalMime.parse(raw, { forceRfc822Attachments: true });
  expect(read.subject ?? '').toBe(email.subject);
  checkParts(email, read);
  const names = email.attachments.map(({ filename }) => filename?.trim() || 'attachment');
  expect(fileNames(raw).toSorted()).toEqual(names.toSorted());
}

describe('every accepted email', () => {
  it('can be sent, and arrives as it was given', async () => {
    const random = randomFrom(20261121);
    let sent = 0;
    for (let round = 0; round < EMAILS; round++) {
      const input = hostileEmail(random);
      const email = await accepted(input);
      if (!email) continue;
      sent++;
      await checkRoundTrip(email).catch((error: unknown) => {
        throw new Error(`round ${round}: ${JSON.stringify(input)}`, { cause: error });
      });
    }
    expect(sent).toBeGreaterThan(EMAILS / 4);
  }, 120_000);
});
