import { invalidParameter } from './api/ses-error.ts';

/** The specials of RFC 5322 that may not stand bare in a local part (the dot has rules of its own). */
const specials = '()<>,;:"[]';

/**
 * Takes the bare address out of `Name <a@b.c>` or `a@b.c` and checks it by the rules SES shows: the words are those
 * of JavaMail's InternetAddress, which SES's errors quote. As in JavaMail, non-ASCII counts as "control or whitespace".
 */
export function bareAddress(text: string): string {
  const address = withoutName(text.trim());
  checkAddress(address);
  return address;
}

/** The domain of a checked address, in lower case. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

function withoutName(text: string): string {
  const open = indexOutsideQuotes(text, '<');
  if (open === -1) {
    if (indexOutsideQuotes(text, ',') !== -1) throw invalidParameter('Illegal address');
    return text;
  }
  const name = text.slice(0, open).trim();
  if (indexOutsideQuotes(name, ',') !== -1) throw invalidParameter('Illegal address');
  const length = indexOutsideQuotes(text.slice(open), '>');
  const close = open + length;
  if (length === -1) throw invalidParameter("Missing '>'");
  if (text.slice(close + 1).trim() !== '') throw invalidParameter('Extra route-addr');
  return text.slice(open + 1, close);
}

function indexOutsideQuotes(text: string, character: string): number {
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++;
    else if (text[index] === '"') quoted = !quoted;
    else if (!quoted && text[index] === character) return index;
  }
  return -1;
}

function checkAddress(address: string): void {
  if (address === '') throw invalidParameter('Empty address');
  const at = indexOutsideQuotes(address, '@');
  if (at === 0) throw invalidParameter('Missing local name');
  checkLocalPart(at === -1 ? address : address.slice(0, at));
  if (at === -1) throw invalidParameter("Missing final '@domain'");
  checkDomain(address.slice(at + 1));
}

function checkLocalPart(local: string): void {
  if (local.startsWith('"')) {
    if (local.length < 2 || !local.endsWith('"')) throw invalidParameter('Unterminated quote');
    if (/[^\t\x20-\x7e]/.test(local)) throw invalidParameter('Local address contains control or whitespace');
    return;
  }
  if (/[^\x21-\x7e]/.test(local)) throw invalidParameter('Local address contains control or whitespace');
  if ([...local].some((character) => specials.includes(character))) {
    throw invalidParameter('Local address contains illegal character');
  }
  checkDots(local, 'Local address');
}

function checkDomain(domain: string): void {
  if (domain === '') throw invalidParameter('Missing domain');
  if (domain.startsWith('[')) return;
  if (/[^\x21-\x7e]/.test(domain)) throw invalidParameter('Domain contains control or whitespace');
  if (!/^[A-Za-z0-9.-]+$/.test(domain)) throw invalidParameter('Domain contains illegal character');
  checkDots(domain, 'Domain');
}

function checkDots(part: string, what: string): void {
  if (part.startsWith('.')) throw invalidParameter(`${what} starts with dot`);
  if (part.endsWith('.')) throw invalidParameter(`${what} ends with dot`);
  if (part.includes('..')) throw invalidParameter(`${what} contains dot-dot`);
}

/** Splits an address header at the commas between addresses; empty entries are left out. */
export function splitAddressList(header: string): string[] {
  const entries: string[] = [];
  let rest = header;
  for (let comma = indexOutsideQuotes(rest, ','); comma !== -1; comma = indexOutsideQuotes(rest, ',')) {
    entries.push(rest.slice(0, comma));
    rest = rest.slice(comma + 1);
  }
  return [...entries, rest].map((entry) => entry.trim()).filter((entry) => entry !== '');
}
