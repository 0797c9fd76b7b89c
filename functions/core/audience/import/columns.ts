import { parseMailbox } from '../../email/address.ts';
import { invalid, SendoffError } from '../../errors.ts';
import { isStorable } from '../../validate.ts';
import { MAX_NAME_LENGTH, type NewContact } from '../contact.ts';
import { type ContactProperty, propertyLimits } from '../property.ts';
import { type CsvHeader, type CsvRow, withoutApostrophe } from './csv.ts';
import type { ImportColumns, ValueType } from './import.ts';

/** The column of each field, as a request names them. */
export interface ColumnMap {
  readonly email?: string | undefined;
  readonly first_name?: string | undefined;
  readonly last_name?: string | undefined;
  readonly unsubscribed?: string | undefined;
  readonly properties?:
    | Readonly<Record<string, { readonly column: string; readonly type?: ValueType | undefined }>>
    | undefined;
}

/**
 * Finds the columns of a file. A field without a column in the map is in the column with its own name, if there is one. 422 for a
 * column that the file does not have, or has twice, and for a property of another type.
 */
export function columnsOf(
  { columns, delimiter }: Pick<CsvHeader, 'columns' | 'delimiter'>,
  map: ColumnMap,
  known: readonly Pick<ContactProperty, 'key' | 'type'>[],
): ImportColumns {
  const place = (name: string, field: string) => {
    const index = columns.indexOf(name);
    if (index < 0) throw invalid(`Invalid \`column_map.${field}\` field: the CSV has no column \`${name}\`.`);
    if (columns.includes(name, index + 1))
      throw invalid(`The CSV has the column \`${name}\` twice.`, 'validation_error');
    return index;
  };
  const mapped = (field: 'email' | 'first_name' | 'last_name' | 'unsubscribed') => {
    const name = map[field] ?? field;
    return map[field] === undefined && !columns.includes(name) ? undefined : place(name, field);
  };
  if (!columns.includes(map.email ?? 'email')) throw invalid('CSV missing required email column', 'validation_error');
  return {
    delimiter,
    count: columns.length,
    email: place(map.email ?? 'email', 'email'),
    ...present('firstName', mapped('first_name')),
    ...present('lastName', mapped('last_name')),
    ...present('unsubscribed', mapped('unsubscribed')),
    properties: Object.entries(map.properties ?? {}).map(([key, { column, type }]) => ({
      key,
      type: typeOf(key, type, known),
      column: place(column, `properties.${key}`),
    })),
  };
}

const present = <Name extends string>(name: Name, value: number | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: number };

/** A property that exists decides; one that does not gets the type of the request. */
function typeOf(
  key: string,
  wanted: ValueType | undefined,
  known: readonly Pick<ContactProperty, 'key' | 'type'>[],
): ValueType {
  const type = known.find((property) => property.key === key)?.type;
  if (type !== undefined && wanted !== undefined && type !== storedType(wanted))
    throw invalid(`Invalid \`column_map.properties.${key}.type\` field: the property is of type ${type}.`);
  return wanted ?? type ?? 'string';
}

/** The type of the property in which such cells are stored. */
export const storedType = (type: ValueType): ContactProperty['type'] => (type === 'number' ? 'number' : 'string');

/** The contact of a row without topics; a reason if the row is wrong. Empty cells leave a field as it is. */
export function contactOf(row: CsvRow, columns: ImportColumns): NewContact | string {
  try {
    return readRow(row, columns);
  } catch (error) {
    if (error instanceof WrongRow) return error.message;
    throw error;
  }
}

/** The address of a row; undefined if the row is wrong. */
export function addressOf(row: CsvRow, columns: ImportColumns): string | undefined {
  const contact = contactOf(row, columns);
  return typeof contact === 'string' ? undefined : contact.email;
}

class WrongRow extends Error {}

function readRow({ wrong, cells }: CsvRow, columns: ImportColumns): NewContact {
  if (wrong !== undefined) throw new WrongRow(wrong);
  if (cells.slice(columns.count).some((cell) => cell !== ''))
    throw new WrongRow(`The row has ${cells.length} cells, but the header has ${columns.count}.`);
  const cell = (column: number | undefined) =>
    column === undefined ? '' : withoutApostrophe((cells[column] ?? '').trim());
  const properties = columns.properties.flatMap(({ key, type, column }) => {
    const text = cell(column);
    return text === '' ? [] : [[key, propertyOf(text, key, type)] as const];
  });
  const [firstName, lastName] = [cell(columns.firstName), cell(columns.lastName)];
  for (const [name, text] of Object.entries({ first_name: firstName, last_name: lastName }))
    if (text.length > MAX_NAME_LENGTH)
      throw new WrongRow(`The \`${name}\` has more than ${MAX_NAME_LENGTH} characters.`);
  const unsubscribed = cell(columns.unsubscribed);
  return {
    email: readAddress(cell(columns.email)),
    ...(firstName === '' ? {} : { firstName }),
    ...(lastName === '' ? {} : { lastName }),
    ...(unsubscribed === '' ? {} : { unsubscribed: readBoolean(unsubscribed, 'unsubscribed') }),
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
  };
}

function readAddress(text: string): string {
  if (text === '') throw new WrongRow('The row has no email address.');
  try {
    return parseMailbox(text, 'email').address;
  } catch (error) {
    if (!(error instanceof SendoffError)) throw error;
    // Only why: the rest of the message is about the fields of an email.
    throw new WrongRow(error.message.replace(/^.* format\. /, 'Invalid email address. '));
  }
}

function propertyOf(text: string, key: string, type: ValueType): string | number {
  if (type === 'boolean') return String(readBoolean(text, key));
  if (type === 'string') {
    if (text.length <= propertyLimits.valueLength) return text;
    throw new WrongRow(`The property \`${key}\` has more than ${propertyLimits.valueLength} characters.`);
  }
  const value = Number(text);
  if (Number.isNaN(value)) throw new WrongRow(`The property \`${key}\` is not a number.`);
  if (!isStorable(value)) throw new WrongRow(`The property \`${key}\` is too large a number, or too near to 0.`);
  return value;
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  1: true,
  false: false,
  no: false,
  0: false,
};

function readBoolean(text: string, field: string): boolean {
  const name = text.toLowerCase();
  if (!Object.hasOwn(BOOLEANS, name)) throw new WrongRow(`\`${field}\` is neither true nor false.`);
  return BOOLEANS[name] === true;
}
