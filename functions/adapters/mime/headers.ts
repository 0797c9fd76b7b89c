import { encodeWord, foldLines, quoteString } from 'nodemailer/lib/mime-funcs';
import type { Mailbox } from '../../core/email/address.ts';
import { hasLongBlanks, isStructuredHeader } from '../../core/email/headers.ts';

/** RFC 5322 2.1.1: a line should have no more than 78 characters. */
const LINE_LENGTH = 76;
/** The length of an encoded word, its `=?UTF-8?Q?` included; RFC 2047 2 takes 75. */
const ENCODED_WORD_LENGTH = 52;
/** A longer word of a name or a subject is encoded, so that it can be folded. */
const MAX_PLAIN_WORD_LENGTH = 64;

/** Printable words with single blanks between them: mail clients keep only one blank. */
const PLAIN_TEXT = new RegExp(`^(?:[!-~]{1,${MAX_PLAIN_WORD_LENGTH}}(?: (?=[!-~])|$))+$`);
/** An address without special characters, which needs no brackets. */
const PLAIN_ADDRESS = /^[^\s"(),:;<>@[\\\]]+@[^\s"(),:;<>@[\\\]]+$/;

/** The Subject header, or another header with text for people, with CRLF at its end. Empty for an empty text. */
export function textHeader(name: string, text: string): string {
  return header(name, isPlain(text) ? text : encode(text));
}

/** A header that lists mailboxes, with CRLF at its end; empty for none. */
export function mailboxHeader(name: string, mailboxes: readonly Mailbox[]): string {
  return header(name, mailboxes.map(encodeMailbox).join(', '));
}

/**
 * A custom header, with CRLF at its end; empty for a blank value. ASCII stays unchanged, as programs read such values. Text
 * is encoded if a mail client would decode it, or if it would be folded into a blank line.
 */
export function customHeader(name: string, value: string): string {
  const trimmed = value.replace(/^[\t ]+|[\t ]+$/g, '');
  const plain = /^[\t -~]*$/.test(trimmed) && !hasLongBlanks(trimmed);
  const decodable = trimmed.includes('=?') && !isStructuredHeader(name);
  return header(name, plain && !decodable ? trimmed : encode(trimmed));
}

const header = (name: string, value: string): string =>
  value === '' ? '' : `${foldLines(`${name}: ${value}`, LINE_LENGTH)}\r\n`;

/** Mail clients decode encoded words even where RFC 2047 forbids them, as in a quoted string. */
const isPlain = (text: string): boolean => text === '' || (PLAIN_TEXT.test(text) && !text.includes('=?'));

/** Encoded words (RFC 2047) in the shorter encoding: Q for text that is mostly Latin letters, otherwise B. */
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
