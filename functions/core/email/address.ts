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
/** RFC 1035 labels; the last one is not all digits (RFC 3696 2): 127.0.0.1 is no domain. */
const DOMAIN =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
/** An address alone whose local part is quoted. The parser drops quotes that it thinks are not needed. */
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
  // Quoting and punycode lengthen: what is accepted must be readable again by the sender.
  if (formatMailbox(read).length > MAX_MAILBOX_LENGTH) throw refuse(tooLong);
  return read;
}

/** The mailbox as the API answers it: `Name <a@b.c>`, or the bare address. */
export function formatMailbox({ name, address }: Mailbox): string {
  if (!name) return address;
  const quoted = /[",<>@;:()[\]\\]/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name;
  return `${quoted} <${address}>`;
}

/** The parser forgives what stands around an address, a second one too: mail would go to another than was meant. */
function hasLeftOver(text: string, address: string): boolean {
  const unquoted = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').trim();
  if (!/[<>]/.test(unquoted)) return address !== text.trim();
  return !/^[^<>]*<[^<>]+>$/.test(unquoted) || !text.trim().endsWith(`<${address}>`);
}

/** IDN domains travel as punycode: SES takes no other form (SES developer guide, "Email format"). */
function normalizeDomain(address: string): string {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  if (at < 0) return address;
  // Only letters of other scripts are converted: domainToASCII reads `1.2.3`, `%61.com` and `a.com/b` as a URL's host would be.
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

/** What the brackets of `Name <a@b.c>` hold; a quoted part may hold brackets itself. */
const IN_BRACKETS = /<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>\s*$/s;
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/s;
const DOT_ATOM = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;

/**
 * The form in which addresses are compared: no name, lower case, no quoting that is not needed (`"a.b"@c.d` is `a.b@c.d`:
 * RFC 5321 4.1.2 asks for the form without quotes). The part before the @ may differ by case by the letter of RFC 5321, but
 * no mailbox in use does; labels (`+…`) and dots stay, for what they mean is each provider's affair. Takes any text.
 */
export function normalizeAddress(text: string): string {
  const address = normalizeCase(text);
  const at = address.lastIndexOf('@');
  const quoted = QUOTED.exec(address.slice(0, Math.max(0, at)))?.[1];
  if (quoted === undefined) return address;
  const local = quoted.replace(/\\(.)/gs, '$1');
  return `${DOT_ATOM.test(local) ? local : `"${local.replace(/["\\]/g, '\\$&')}"`}${address.slice(at)}`;
}

/** The address without its name, in lower case, quoted as it was given: the form that versions before 0.2 compared. */
export function normalizeCase(text: string): string {
  const bare = IN_BRACKETS.exec(text)?.[1] ?? text;
  return normalizeDomain(bare.trim().toLowerCase());
}
