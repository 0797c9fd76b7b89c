import assert from 'node:assert/strict';
import PostalMime, { type Attachment, type Email } from 'postal-mime';
import type { SesMessage } from '../../lib/local/cloud/ses/message.ts';
import { FILE_TEXT } from './outside.ts';

/** A message that SES took, and what is in it. */
interface CaughtMail extends Email {
  readonly envelope: SesMessage['envelope'];
  readonly messageTags: SesMessage['tags'];
}

type Check = (mail: CaughtMail) => void;

/** Every byte there is, so that no encoding on the way goes unnoticed. */
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

/**
 * What must have arrived for a case, which is the subject of its emails too. A case that is not named here sends
 * nothing, or nothing worth a look.
 */
const expected: Readonly<Record<string, Check>> = {
  send: (mail) => {
    assert.deepEqual(mail.from, { name: 'Shop', address: 'shop@example.com' });
    assert.match(mail.html ?? '', /<p>Grüße<\/p>/);
    assert.match(mail.text ?? '', /Grüße/);
  },
  'send to a single address': (mail) => assert.equal(mail.to?.length, 1),
  'cc, bcc, reply_to': (mail) => {
    assert.equal(mail.cc?.[0]?.address, 'cc@example.com');
    assert.equal(mail.replyTo?.[0]?.address, 'answers@example.com');
    assert.equal(mail.bcc, undefined);
    assert.ok(mail.envelope.to.includes('bcc@example.com'), 'bcc is not in the envelope');
  },
  tags: (mail) => assert.equal(mail.messageTags.campaign, 'welcome'),
  headers: (mail) => assert.equal(headerOf(mail, 'x-order'), '42'),
  'no headers': (mail) => assert.equal(headerOf(mail, 'x-order'), undefined),
  'html alone': (mail) => assert.match(mail.text ?? '', /Hello/),
  'attachment of bytes': (mail) => assertFile(mail, 'bytes.bin', ALL_BYTES),
  'attachment of base64': (mail) => assertFile(mail, 'base64.bin', ALL_BYTES),
  'attachment by path': (mail) => assertFile(mail, 'note.txt', Buffer.from(FILE_TEXT)),
  'attachment with a type': (mail) => assert.equal(fileOf(mail, 'typed.bin').mimeType, 'application/x-test'),
  'inline attachment': assertInline,
  'inline attachment by the older name': assertInline,
  batch: () => {},
  'react component': assertRendered,
  'react, html and text rendered': assertRendered,
  'react, in a batch': assertRendered,
  'anymail: cc, bcc, reply-to, headers, inline image': (mail) => {
    assert.equal(mail.cc?.[0]?.address, 'cc@example.com');
    assert.ok(mail.envelope.to.includes('bcc@example.com'), 'bcc is not in the envelope');
    assert.equal(headerOf(mail, 'x-order'), '42');
    assertFile(mail, 'logo.png', ALL_BYTES);
    assert.ok(
      mail.html?.includes(`cid:${fileOf(mail, 'logo.png').contentId?.slice(1, -1)}`),
      'the image is not referred to',
    );
  },
  'broadcast: to a segment': (mail) => {
    assert.match(mail.text ?? '', /Hello (Ada, your plan: large|Bob, your plan: free)\. http/);
    assert.equal(headerOf(mail, 'list-unsubscribe-post'), 'List-Unsubscribe=One-Click');
  },
  'django: send_mail': (mail) => assert.match(mail.html ?? '', /<p>Hello<\/p>/),
  'django: EmailMessage': (mail) => assertFile(mail, 'bytes.bin', ALL_BYTES),
  'Laravel, html alone': (mail) => assert.match(mail.html ?? '', /<p>Hello<\/p>/),
  'Laravel, with an attachment': (mail) => assertFile(mail, 'bytes.bin', ALL_BYTES),
  'Symfony, with an attachment': (mail) => assertFile(mail, 'bytes.bin', ALL_BYTES),
  'Rails, with an inline attachment': assertInline,
};

/** The cases that send two emails. */
const TO_TWO = ['batch', 'broadcast: to a segment'];

/** Says what is wrong with the mail of a case that its client found in order; undefined: nothing. */
export async function complaintAbout(name: string, messages: readonly SesMessage[]): Promise<string | undefined> {
  const check = expected[name];
  if (!check) return undefined;
  const mails = (await Promise.all(messages.map(parse))).filter(({ subject }) => subject === name);
  if (mails.length !== (TO_TWO.includes(name) ? 2 : 1)) return `${mails.length} messages arrived`;
  try {
    for (const mail of mails) check(mail);
    return undefined;
  } catch (error) {
    return `the message that arrived: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function parse({ raw, envelope, tags }: SesMessage): Promise<CaughtMail> {
  return { ...(await PostalMime.parse(Buffer.from(raw, 'latin1'))), envelope, messageTags: tags };
}

const headerOf = (mail: Email, name: string) => mail.headers.find(({ key }) => key === name)?.value;

function fileOf(mail: Email, name: string): Attachment {
  const file = mail.attachments.find(({ filename }) => filename === name);
  assert.ok(file, `${name} is not attached; there are ${mail.attachments.map(({ filename }) => filename)}`);
  return file;
}

function assertFile(mail: Email, name: string, bytes: Buffer): void {
  const { content } = fileOf(mail, name);
  const arrived = typeof content === 'string' ? Buffer.from(content) : Buffer.from(new Uint8Array(content));
  assert.ok(arrived.equals(bytes), `${name} arrived as ${arrived.length} other bytes`);
}

function assertRendered(mail: Email): void {
  // React separates the texts of one element by a comment.
  assert.match(mail.html ?? '', /<p>Hello (<!-- -->)?Ada<\/p>/);
  assert.match(mail.text ?? '', /Hello Ada/);
}

function assertInline(mail: CaughtMail): void {
  const file = fileOf(mail, 'logo.png');
  assert.equal(file.contentId, '<logo>');
  assert.equal(file.disposition, 'inline');
  assertFile(mail, 'logo.png', ALL_BYTES);
}
