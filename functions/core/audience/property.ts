import { invalid, type SendoffError } from '../errors.ts';
import { nearest } from '../validate.ts';

export const propertyTypes = ['string', 'number'] as const;
export type PropertyType = (typeof propertyTypes)[number];

/** A property that contacts can have. Its key and type do not change. Times are epoch ms. */
export type ContactProperty = {
  /** Derived from the key. */
  readonly id: string;
  readonly key: string;
  readonly type: PropertyType;
  /** The text that a broadcast prints for a contact without a value; absent: nothing. */
  readonly fallbackValue?: string | number;
  readonly createdAtMs: number;
};

/** The values of a contact by key. */
export type PropertyValues = { readonly [key: string]: string | number | boolean };

/** Values to set, as a request has them; null removes one. */
export type PropertyChanges = { readonly [key: string]: string | number | boolean | null };

export const propertyLimits = {
  keyLength: 50,
  properties: 500,
  /** Characters of a value. */
  valueLength: 2_000,
  /** All values of a contact together, as JSON: the contact is one document, of at most 400 KB. */
  valuesBytes: 64 * 1024,
} as const;

/** Fields of contacts, and keys of placeholders that stand for something else. */
const RESERVED = [
  ...['first_name', 'last_name', 'email', 'unsubscribed'],
  ...['FIRST_NAME', 'LAST_NAME', 'EMAIL', 'UNSUBSCRIBE_URL', 'RESEND_UNSUBSCRIBE_URL', 'contact', 'this', '__proto__'],
];

const wrong = (field: string, why: string): SendoffError => invalid(`Invalid \`${field}\` field: ${why}`);
const shorten = (key: string): string => (key.length > 100 ? `${key.slice(0, 100)}…` : key);

/** Why a key cannot be that of a property; undefined if it can. */
export function whyBadKey(key: string): string | undefined {
  if (!/^[A-Za-z0-9_]+$/.test(key)) return 'a key has only ASCII letters, digits or underscores.';
  if (key.length > propertyLimits.keyLength) return `it must have at most ${propertyLimits.keyLength} characters.`;
  return RESERVED.includes(key) ? `\`${key}\` is reserved.` : undefined;
}

/**
 * The values of a contact after these changes: null removes one, `before` stays otherwise. A boolean becomes the text of a string
 * property.
 *
 * @throws 422 that names the key of an unknown property, of a value with another type, or of one that is too long.
 */
export function checkProperties(
  values: PropertyChanges,
  known: readonly ContactProperty[],
  before: PropertyValues = {},
): PropertyValues {
  const types = new Map(known.map(({ key, type }) => [key, type]));
  const after = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(values)) {
    if (value === null) after.delete(key);
    else after.set(key, checkValue(key, value, types));
  }
  const merged = Object.fromEntries(after);
  if (Buffer.byteLength(JSON.stringify(merged)) > propertyLimits.valuesBytes)
    throw wrong('properties', `all values of a contact together have at most ${propertyLimits.valuesBytes} bytes.`);
  return merged;
}

function checkValue(
  key: string,
  value: string | number | boolean,
  types: ReadonlyMap<string, PropertyType>,
): string | number {
  const field = `properties.${shorten(key)}`;
  const type = types.get(key);
  if (type === undefined) {
    const meant = nearest(key, [...types.keys()]);
    throw wrong(field, `there is no such property.${meant ? ` Did you mean \`${meant}\`?` : ''}`);
  }
  const given = type === 'string' && typeof value === 'boolean' ? String(value) : value;
  if (typeof given === 'boolean' || typeof given !== type) throw wrong(field, `it must be of type ${type}.`);
  return checkSize(field, given);
}

/** Checks that a value is one that its property can have; answers it. 422 that names the field. */
export function checkFallback(value: string | number, type: PropertyType): string | number {
  if (typeof value !== type) throw wrong('fallback_value', `it must be of type ${type}.`);
  return checkSize('fallback_value', value);
}

function checkSize(field: string, value: string | number): string | number {
  if (typeof value === 'string' && value.length > propertyLimits.valueLength)
    throw wrong(field, `it must have at most ${propertyLimits.valueLength} characters.`);
  return value;
}
