import { encodeWord, foldLines, quoteString } from 'nodemailer/lib/mime-funcs';
import type { Mailbox } from '../../core/email/address.ts';
import { hasLongBlanks, isStructuredHeader } from '../../core/email/headers.ts';

/** RFC 5322 2.1.1: a line should have no more than 78 characters. */
const LINE_LENGTH = 76;
/** The length of an encoded word, its `=?UTF-8?Q?` included; RFC 2047 2 takes 75. */
const ENCODED_WORD_LENGTH = 52;
/** A longer word of a name or a subject is encoded, which can be folded. */
const MAX_PLAIN_WORD_LENGTH = 64;

/** Printable words with single blanks between them: readers keep no more than one. */
const PLAIN_TEXT = new RegExp(`^(?:[!-~]{1,${MAX_PLAIN_WORD_LENGTH}}(?: (?=[!-~])|$))+$`);
/** What has no special characters needs no brackets. */
const PLAIN_ADDRESS = /^[^\s"(),:;<>@[\\\]]+@[^\s"(),:;<>@[\\\]]+$/;

/** The Subject header, CRLF at its end; any other header whose value is text for people. Empty for an empty text. */
export function textHeader(name: string, text: string): string {
  return header(name, isPlain(text) ? text : encode(text));
}

/** A header that lists mailboxes, CRLF at its end; empty for none. */
export function mailboxHeader(name: string, mailboxes: readonly Mailbox[]): string {
  return header(name, mailboxes.map(encodeMailbox).join(', '));
}

/**
 * A caller's own header, CRLF at its end; empty for a blank value. ASCII stays as it was given, quotes too: programs
 * read such values. Text that a reader would decode, or that would be folded into a blank line, is encoded.
 */
export function customHeader(name: string, value: string): string {
  const trimmed = value.replace(/^[\t ]+|[\t ]+$/g, '');
  const plain = /^[\t -~]*$/.test(trimmed) && !hasLongBlanks(trimmed);
  const decodable = trimmed.includes('=?') && !isStructuredHeader(name);
  return header(name, plain && !decodable ? trimmed : encode(trimmed));
}

const header = (name: string, value: string): string =>
  value === '' ? '' : `${foldLines(`${name}: ${value}`, LINE_LENGTH)}\r\n`;

/** Readers also decode encoded words where RFC 2047 forbids them, as in a quoted string. */
const isPlain = (text: string): boolean => text === '' || (PLAIN_TEXT.test(text) && !text.includes('=?'));

/** As encoded words (RFC 2047), in whichever encoding is shorter: Q for text that is mostly Latin letters. */
function encode(text: string): string {
  const letters = text.match(/[A-Za-z]/g)?.length ?? 0;
  const others = text.match(/[^\0-\x7f]/g)?.length ?? 0;
  return encodeWord(text, others < letters ? 'Q' : 'B', ENCODED_WORD_LENGTH);
}

function encodeMailbox({ name, address }: Mailbox): string {
  if (name === '') return PLAIN_ADDRESS.test(address) ? address : `<${address}>`;
  return `${encodeName(name)} <${address}>`;
}

function encodeName(name: string): string {
  if (!isPlain(name)) return encode(name);
  return /^[\w ]*$/.test(name) ? name : quoteString(name);
}
