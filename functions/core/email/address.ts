import { domainToASCII } from 'node:url';
import addressparser from 'nodemailer/lib/addressparser';
import { invalidAddress } from '../errors.ts';

/** A mailbox: a display name (may be empty, any script) and an address whose domain is ASCII. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** RFC 5321 4.5.3.1: 64 octets before the @, 254 in all. */
const MAX_LOCAL_PART_LENGTH = 64;
const MAX_ADDRESS_LENGTH = 254;
/** SES refuses a From name beyond what fits a header; 320 is what Resend takes. */
const MAX_MAILBOX_LENGTH = 1_000;

/** RFC 5322 3.2.3 dot-atom, or a quoted string. */
const LOCAL_PART =
  /^(?:[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*")$/;
/** Labels of RFC 1035; the last one is not all digits (RFC 3696 2), so 127.0.0.1 is no domain. */
const DOMAIN =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
/** A bare address with a quoted local part. The parser drops quotes that it considers needless. */
const QUOTED_ADDRESS = /^"(?:[^"\\]|\\.)*"@[^\s"<>]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must not pass.
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Reads `a@b.c` or `Name <a@b.c>`; throws a 422 that names the field. */
export function parseMailbox(text: string, field: string): Mailbox {
  const refuse = (why: string) => invalidAddress(field, why);
  if (CONTROL.test(text)) throw refuse('It has a line break or another control character.');
  const tooLong = `It is longer than ${MAX_MAILBOX_LENGTH} characters.`;
  if (text.length > MAX_MAILBOX_LENGTH) throw refuse(tooLong);
  const [mailbox, ...others] = QUOTED_ADDRESS.test(text.trim())
    ? [{ name: '', address: text.trim() }]
    : addressparser(text);
  if (
    !mailbox ||
    others.length > 0 ||
    !('address' in mailbox) ||
    !mailbox.address ||
    hasLeftOver(text, mailbox.address)
  )
    throw refuse('It is not one address.');
  const address = normalizeDomain(mailbox.address);
  const why = whyBad(address);
  if (why) throw refuse(why);
  const read = { name: mailbox.name ?? '', address };
  // Quoting and punycode make it longer, and the worker must be able to parse it again.
  if (formatMailbox(read).length > MAX_MAILBOX_LENGTH) throw refuse(tooLong);
  return read;
}

/** The mailbox as text: `Name <a@b.c>`, or the bare address. */
export function formatMailbox({ name, address }: Mailbox): string {
  if (!name) return address;
  const quoted = /[",<>@;:()[\]\\]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
  return `${quoted} <${address}>`;
}

/** The parser ignores text around an address, even a second address; mail could go to the wrong one. */
function hasLeftOver(text: string, address: string): boolean {
  const unquoted = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').trim();
  if (!/[<>]/.test(unquoted)) return address !== text.trim();
  return !/^[^<>]*<[^<>]+>$/.test(unquoted) || !text.trim().endsWith(`<${address}>`);
}

/** International domains become punycode, the only form that SES accepts (SES developer guide, "Email format"). */
function normalizeDomain(address: string): string {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  if (at < 0) return address;
  // Only other scripts are converted: domainToASCII would read `1.2.3`, `%61.com` and `a.com/b` like the host of a URL.
  const isForeign = /^(?:[a-z0-9.-]|[^ -~])+$/i.test(domain) && /[^ -~]/.test(domain);
  return `${address.slice(0, at)}@${(isForeign && domainToASCII(domain)) || domain.toLowerCase()}`;
}

function whyBad(address: string): string | undefined {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, at);
  if (at < 1) return 'It has no @.';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII.
  if (!/^[\u0000-\u007f]*$/.test(local)) return 'Amazon SES takes only ASCII before the @.';
  if (local.length > MAX_LOCAL_PART_LENGTH) return `More than ${MAX_LOCAL_PART_LENGTH} characters stand before the @.`;
  if (address.length > MAX_ADDRESS_LENGTH) return `It is longer than ${MAX_ADDRESS_LENGTH} characters.`;
  if (!LOCAL_PART.test(local)) return 'What stands before the @ is not valid.';
  if (!DOMAIN.test(address.slice(at + 1))) return 'The domain is not valid.';
  return undefined;
}

/** The domain of an address, in lower case. */
export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

/** The text in the brackets of `Name <a@b.c>`; a quoted part may hold brackets itself. */
const IN_BRACKETS = /<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>\s*$/s;
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/s;
const DOT_ATOM = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;

/**
 * The form in which addresses are compared: no name, lower case, no needless quotes (RFC 5321 4.1.2: `"a.b"@c.d` is
 * `a.b@c.d`). RFC 5321 allows local parts that differ only by case, but no provider uses them; labels (`+…`) and dots
 * stay, as each provider gives them its own meaning. Takes any text.
 */
export function normalizeAddress(text: string): string {
  const address = normalizeCase(text);
  const at = address.lastIndexOf('@');
  const quoted = QUOTED.exec(address.slice(0, Math.max(0, at)))?.[1];
  if (quoted === undefined) return address;
  const local = quoted.replace(/\\(.)/gs, '$1');
  return `${DOT_ATOM.test(local) ? local : `"${local.replace(/["\\]/g, '\\$&')}"`}${address.slice(at)}`;
}

/** The address without its name, in lower case, with the quotes it has: the form that versions before 0.2 compared. */
export function normalizeCase(text: string): string {
  const bare = IN_BRACKETS.exec(text)?.[1] ?? text;
  return normalizeDomain(bare.trim().toLowerCase());
}
