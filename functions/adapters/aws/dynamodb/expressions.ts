import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Change, Condition, FieldTest } from '../../../core/ports/table.ts';

/** Placeholders for names and values. Every name gets one, as it may be one of DynamoDB's 570 reserved words. */
export interface Names {
  name(field: string): string;
  value(value: AttributeValue): string;
  /** The placeholders for the command. */
  attributes(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  };
}

export function createNames(): Names {
  // A placeholder has only letters, digits and underscores, but the name of a field may have any character.
  const placeholders = new Map<string, string>();
  const values: Record<string, AttributeValue> = {};
  let count = 0;
  return {
    name: (field) => {
      const placeholder = placeholders.get(field) ?? `#f${placeholders.size}`;
      placeholders.set(field, placeholder);
      return placeholder;
    },
    value: (value) => {
      const placeholder = `:v${count++}`;
      values[placeholder] = value;
      return placeholder;
    },
    attributes: () => ({
      ExpressionAttributeNames: Object.fromEntries(
        [...placeholders].map(([field, placeholder]) => [placeholder, field]),
      ),
      ...(count > 0 ? { ExpressionAttributeValues: values } : {}),
    }),
  };
}

/**
 * `SET … REMOVE …` for a change of fields and of the table's own attributes. Without an expression when nothing changes:
 * DynamoDB refuses an empty one.
 */
export function changeExpression(
  { set = {}, remove = [], add = {}, append = {} }: Change,
  own: Record<string, AttributeValue>,
  ownRemoved: readonly string[],
  { name, value }: Names,
): { UpdateExpression?: string } {
  const fields = { ...marshall(set, { removeUndefinedValues: true }), ...own };
  const sets = Object.entries(fields).map(([field, attribute]) => `${name(field)} = ${value(attribute)}`);
  for (const [field, number] of Object.entries(add)) {
    const before = `if_not_exists(${name(field)}, ${value({ N: '0' })})`;
    sets.push(`${name(field)} = ${before} + ${value({ N: String(number) })}`);
  }
  for (const [field, entries] of Object.entries(append)) {
    const added = marshall({ entries }, { removeUndefinedValues: true }).entries ?? { L: [] };
    sets.push(`${name(field)} = list_append(if_not_exists(${name(field)}, ${value({ L: [] })}), ${value(added)})`);
  }
  const removes = [...remove, ...ownRemoved].map(name);
  const UpdateExpression = [
    sets.length > 0 ? `SET ${sets.join(', ')}` : '',
    removes.length > 0 ? `REMOVE ${removes.join(', ')}` : '',
  ]
    .join(' ')
    .trim();
  return UpdateExpression ? { UpdateExpression } : {};
}

/** The document exists, has not expired, and one of the conditions holds. */
export function conditionExpression(anyOf: readonly Condition[] | undefined, names: Names, nowMs: number): string {
  const { name, value } = names;
  const expiresAt = name('expiresAt');
  const there = `attribute_exists(${name('key')}) AND (attribute_not_exists(${expiresAt}) OR ${expiresAt} > ${value({ N: String(Math.floor(nowMs / 1000)) })})`;
  const groups = (anyOf ?? []).map((condition) =>
    Object.entries(condition)
      .map(([field, test]) => testExpression(name(field), test, names))
      .join(' AND '),
  );
  // DynamoDB refuses redundant parentheses, so a single group has none.
  return [there, groups.length > 1 ? `(${groups.map((group) => `(${group})`).join(' OR ')})` : groups[0]]
    .filter(Boolean)
    .join(' AND ');
}

function testExpression(field: string, test: FieldTest, { value }: Names): string {
  const literal = (scalar: string | number | boolean): string => {
    if (typeof scalar === 'string') return value({ S: scalar });
    return value(typeof scalar === 'number' ? { N: String(scalar) } : { BOOL: scalar });
  };
  if (typeof test !== 'object') return `${field} = ${literal(test)}`;
  if ('in' in test) return `${field} IN (${test.in.map(literal).join(', ')})`;
  if ('below' in test) return `${field} < ${literal(test.below)}`;
  if ('atMost' in test) return `${field} <= ${literal(test.atMost)}`;
  if ('between' in test) return `${field} BETWEEN ${literal(test.between[0])} AND ${literal(test.between[1])}`;
  return `attribute_${test.exists ? '' : 'not_'}exists(${field})`;
}
