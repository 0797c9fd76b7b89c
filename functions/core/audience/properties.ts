import { findById } from '../document/find-by-id.ts';
import { listPage, type Page, type PageRequest } from '../document/list.ts';
import { documentPages } from '../document/pages.ts';
import { timeSort } from '../document/time-sort.ts';
import { invalid, notFound } from '../errors.ts';
import { derivedId, isId } from '../ids.ts';
import type { Table } from '../ports/table.ts';
import { type ContactProperty, checkFallback, type PropertyType, propertyLimits, whyBadKey } from './property.ts';

export { checkProperties } from './property.ts';

export interface PropertyDependencies {
  readonly table: Table;
  readonly now: () => number;
}

const PROPERTY_PARTITION = 'contact-property';
const propertyId = (key: string): string => derivedId('contact-property', key);
const propertyKey = (id: string): string => `contact-property#${id}`;

/** A property as it is stored: `key` is the table's own attribute. */
type StoredProperty = Omit<ContactProperty, 'key'> & { readonly name: string };

const fromStored = ({ name, ...rest }: StoredProperty): ContactProperty => ({ ...rest, key: name });

/** A page of properties, newest first. */
export async function propertyPage(table: Table, request: PageRequest): Promise<Page<ContactProperty>> {
  const { items, hasMore } = await listPage<StoredProperty>(table, PROPERTY_PARTITION, propertyKey, request);
  return { items: items.map(fromStored), hasMore };
}

/** All properties, newest first. */
export async function listProperties(table: Table): Promise<ContactProperty[]> {
  const limit = propertyLimits.properties;
  const query = { index: 'list', partition: PROPERTY_PARTITION, limit, order: 'descending' } as const;
  const properties: ContactProperty[] = [];
  for await (const page of documentPages<StoredProperty>(table, query)) properties.push(...page.map(fromStored));
  return properties;
}

/**
 * The properties with these keys, if all of them exist; otherwise all properties, one of which may be meant. The list may lag behind a
 * property that was created just now; a read by key does not.
 */
export async function propertiesNamed(table: Table, keys: readonly string[]): Promise<ContactProperty[]> {
  const found = await table.getMany<StoredProperty>(keys.map((key) => propertyKey(propertyId(key))));
  const known = found.flatMap((property) => (property ? [fromStored(property)] : []));
  return known.length === keys.length ? known : [...known, ...(await listProperties(table))];
}

/** The property with this id; 404 if there is none. */
export async function findProperty(table: Table, id: string): Promise<ContactProperty> {
  return fromStored(await findById<StoredProperty>(table, id, propertyKey, 'Contact property'));
}

/** Creates a property; answers its id. 422 for an invalid key or fallback, and for a key that is in use. */
export async function createProperty(
  { key, type, fallbackValue }: { key: string; type: PropertyType; fallbackValue?: string | number | null | undefined },
  { table, now }: PropertyDependencies,
): Promise<string> {
  const why = whyBadKey(key);
  if (why) throw invalid(`Invalid \`key\` field: ${why}`);
  const limit = propertyLimits.properties;
  const known = await table.query({ index: 'list', partition: PROPERTY_PARTITION, limit, order: 'descending' });
  if (known.length >= limit) throw tooMany();
  const fallback = fallbackValue == null ? {} : { fallbackValue: checkFallback(fallbackValue, type) };
  const { id, applied } = await insert(table, { key, type, ...fallback }, now());
  if (!applied) throw invalid(`Invalid \`key\` field: there is a property \`${key}\` already.`, 'validation_error');
  return id;
}

/** Changes the fallback of a property, or removes it with null; 404 if there is no such property. */
export async function changeFallback(
  id: string,
  fallbackValue: string | number | null | undefined,
  table: Table,
): Promise<void> {
  const { type } = await findProperty(table, id);
  if (fallbackValue === undefined) return;
  const change =
    fallbackValue === null
      ? { remove: ['fallbackValue'] }
      : { set: { fallbackValue: checkFallback(fallbackValue, type) } };
  if (!(await table.update(propertyKey(id), change)).applied) throw notFound('Contact property');
}

/** Deletes a property; 404 if there is none. Contacts keep their values, which nothing reads any more. */
export async function deleteProperty(id: string, table: Table): Promise<void> {
  if (!isId(id) || !(await table.delete(propertyKey(id)))) throw notFound('Contact property');
}

/**
 * Creates those of the properties that do not exist (an import does).
 *
 * @throws 422 that names the key that is invalid, or that has another type already.
 */
export async function createMissingProperties(
  { table, now }: PropertyDependencies,
  wanted: readonly { readonly key: string; readonly type: PropertyType }[],
): Promise<void> {
  const types = new Map((await listProperties(table)).map(({ key, type }) => [key, type]));
  const missing = new Map<string, PropertyType>();
  for (const { key, type } of wanted) {
    const why = whyBadKey(key);
    if (why) throw invalid(`Invalid property \`${key.slice(0, 100)}\`: ${why}`);
    const known = types.get(key) ?? missing.get(key);
    if (known !== undefined && known !== type) throw otherType(key, known);
    if (known === undefined) missing.set(key, type);
  }
  if (types.size + missing.size > propertyLimits.properties) throw tooMany();
  await Promise.all(
    [...missing].map(async ([key, type]) => {
      // The list may lag, and another import may be faster.
      const { standing } = await insert(table, { key, type }, now());
      if (standing && standing.type !== type) throw otherType(key, standing.type);
    }),
  );
}

async function insert(
  table: Table,
  { key, ...fields }: Pick<ContactProperty, 'key' | 'type' | 'fallbackValue'>,
  nowMs: number,
): Promise<{ id: string; applied: boolean; standing: StoredProperty | undefined }> {
  const id = propertyId(key);
  const property: StoredProperty = { id, name: key, ...fields, createdAtMs: nowMs };
  const list = { partition: PROPERTY_PARTITION, sort: timeSort(nowMs, id) };
  const { applied, document } = await table.insert<StoredProperty>({ key: propertyKey(id), fields: property, list });
  return { id, applied, standing: applied ? undefined : document };
}

const otherType = (key: string, type: PropertyType) =>
  invalid(`Invalid property \`${key}\`: it has the type ${type}.`, 'validation_error');

const tooMany = () => invalid(`There are at most ${propertyLimits.properties} contact properties.`, 'validation_error');
