import type { Table } from '../ports/table.ts';
import type { ContactProperty, PropertyChanges, PropertyType, PropertyValues } from './property.ts';

/** All properties, newest first. */
export declare function listProperties(table: Table): Promise<ContactProperty[]>;

/**
 * The values of a contact after these changes: null removes one, `before` stays otherwise. 422 that names the key of an unknown property,
 * of a value with another type, of one that is too long.
 */
export declare function checkProperties(
  values: PropertyChanges,
  known: readonly ContactProperty[],
  before?: PropertyValues,
): PropertyValues;

/** Creates those of the properties that do not exist (an import does); 422 for an invalid key or one that has another type. */
export declare function createMissingProperties(
  dependencies: { readonly table: Table; readonly now: () => number },
  wanted: readonly { readonly key: string; readonly type: PropertyType }[],
): Promise<void>;
