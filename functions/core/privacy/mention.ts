import { domainToUnicode } from 'node:url';
import { normalizeAddress } from '../email/address.ts';

/** One address; the part before the @ may be quoted. */
const ONE_ADDRESS = /^(?:"(?:[^"\\]|\\.)*"|[^\s"<>@,;]+)@[^\s"<>@,;]+$/s;
/** Characters right before or after an address that make it a part of a longer one. */
const LONGER_BEFORE = /[\p{L}\p{M}\p{N}._+-]$/u;
const LONGER_AFTER = /^(?:[\p{L}\p{M}\p{N}_-]|\.[\p{L}\p{N}])/u;

/** True for what can be one address; laxer than for new emails, as earlier versions accepted more. */
export const isAddress = (text: string): boolean => ONE_ADDRESS.test(text);

/** True when a mailbox, `a@b.c` or `Name <a@b.c>`, has the address (in its normal form) or mentions it in its name. */
export function isMailboxOf(mailbox: string, address: string): boolean {
  const own = normalizeAddress(mailbox);
  if (own === address) return true;
  const name = mailbox.slice(0, Math.max(0, mailbox.lastIndexOf('<')));
  return mentions(isAddress(own) ? name : mailbox, address);
}

/**
 * True when a text contains the address (in its normal form), in any case, quoted or escaped in any way, with its domain in
 * punycode or in letters, but not as a part of a longer address. The text may be anything, even damaged JSON or a URL.
 */
export function mentions(text: string, address: string): boolean {
  const at = address.lastIndexOf('@') + 1;
  const domain = address.slice(at);
  const forms = new Set([address, address.slice(0, at) + (domainToUnicode(domain) || domain)].map(fold));
  const texts = new Set([fold(text), fold(unescaped(text))]);
  return [...texts].some((each) => [...forms].some((form) => contains(each, form)));
}

/** Every text in a value of any kind and depth, including the names of its fields. */
export function textsOf(value: unknown): string[] {
  const texts: string[] = [];
  const rest = [value];
  while (rest.length > 0) {
    const next = rest.pop();
    if (typeof next === 'string') texts.push(next);
    if (typeof next !== 'object' || next === null) continue;
    if (!Array.isArray(next)) texts.push(...Object.keys(next));
    for (const each of next instanceof Set ? next : Object.values(next)) rest.push(each);
  }
  return texts;
}

/** Removes differences that do not matter: case, quotes, backslashes, and the full stops of East Asian scripts. */
const fold = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFC')
    .replace(/["\\]/g, '')
    .replace(/[。．｡]/g, '.');

/** Undoes the escapes of JSON and URLs. */
function unescaped(text: string): string {
  const character = (_: string, hex: string) => String.fromCharCode(Number.parseInt(hex, 16));
  return text
    .replace(/\\+u([0-9a-f]{4})/gi, character)
    .replace(/\\+[bfnrt]/g, ' ')
    .replace(/%([2-7][0-9a-f])/gi, character);
}

function contains(text: string, form: string): boolean {
  for (let start = text.indexOf(form); start >= 0; start = text.indexOf(form, start + 1)) {
    const end = start + form.length;
    if (!LONGER_BEFORE.test(text.slice(Math.max(0, start - 1), start)) && !LONGER_AFTER.test(text.slice(end, end + 2)))
      return true;
  }
  return false;
}
