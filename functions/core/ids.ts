import { createHash, randomBytes, randomInt } from 'node:crypto';

/** A new email id: a random UUID. */
export { randomUUID as newId } from 'node:crypto';

/** SHA-256 of the text, in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A UUID (RFC 9562 version 8: custom) that is derived from these parts. */
export function derivedId(...parts: readonly string[]): string {
  // JSON keeps the parts apart: ('ab','c') and ('a','bc') must differ.
  const hex = sha256(JSON.stringify(parts));
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** True for a UUID. Anything else is no id and is not looked up; DynamoDB refuses keys over 2 KB. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

/** A random number, 1 to 2^32, by which a writer recognizes its own write. */
export const newVersion = (): number => randomInt(1, 2 ** 32 + 1);

/** A secret of 32 random bytes in base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}
