import { beforeEach, describe, expect, it } from 'vitest';
import {
  checkProperties,
  createMissingProperties,
  createProperty,
  deleteProperty,
  listProperties,
} from '../../../../functions/core/audience/properties.ts';
import { type ContactProperty, propertyLimits } from '../../../../functions/core/audience/property.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const property = (key: string, type: 'string' | 'number'): ContactProperty => ({ id: key, key, type, createdAtMs: 0 });
const known = [property('company', 'string'), property('age', 'number')];
const messageOf = (check: () => unknown) => {
  try {
    check();
  } catch (error) {
    return (error as Error).message;
  }
  return undefined;
};

describe('checkProperties', () => {
  it('merges values into those of before; null removes one, even of a property that is gone', () => {
    const before = { company: 'A', age: 1, gone: 'x', kept: 'y' };
    expect(checkProperties({ company: 'B', age: null, gone: null }, known, before)).toEqual({
      company: 'B',
      kept: 'y',
    });
    expect(checkProperties({ company: true }, known)).toEqual({ company: 'true' });
  });

  it.each([
    [{ age: 'old' }, 'Invalid `properties.age` field: it must be of type number.'],
    [{ age: true }, 'Invalid `properties.age` field: it must be of type number.'],
    [{ company: 5 }, 'Invalid `properties.company` field: it must be of type string.'],
    [{ compani: 'A' }, 'Invalid `properties.compani` field: there is no such property. Did you mean `company`?'],
    [{ ['x'.repeat(5_000)]: 'A' }, /^Invalid `properties\.x{100}…` field: there is no such property\.$/],
    [JSON.parse('{"__proto__":"A"}'), 'Invalid `properties.__proto__` field: there is no such property.'],
    [{ constructor: 'A' }, 'Invalid `properties.constructor` field: there is no such property.'],
    [{ company: 'x'.repeat(2_001) }, 'Invalid `properties.company` field: it must have at most 2000 characters.'],
  ])('refuses %j', (values, message) => {
    expect(messageOf(() => checkProperties(values, known))).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
  });

  it('takes 200 properties, as long as they fit into the document of a contact', () => {
    const many = Array.from({ length: 200 }, (_, index) => property(`key${index}`, 'string'));
    const values = (length: number) => Object.fromEntries(many.map(({ key }) => [key, 'x'.repeat(length)]));
    expect(Object.keys(checkProperties(values(300), many))).toHaveLength(200);
    expect(messageOf(() => checkProperties(values(400), many))).toContain(String(propertyLimits.valuesBytes));
    const [first] = many;
    const more = () => checkProperties({ [first?.key ?? '']: 'x'.repeat(2_000) }, many, values(315));
    expect(messageOf(more)).toContain('`properties`');
  });
});

describe('properties', () => {
  let table: Table;
  let dependencies: { table: Table; now: () => number };
  beforeEach(() => {
    table = createMemoryBackend().table;
    dependencies = { table, now: () => 1 };
  });
  const types = async () => Object.fromEntries((await listProperties(table)).map(({ key, type }) => [key, type]));

  it('that an import needs are created once, with their type', async () => {
    await createProperty({ key: 'company', type: 'string' }, dependencies);
    const wanted = [
      { key: 'company', type: 'string' },
      { key: 'age', type: 'number' },
      { key: 'age', type: 'number' },
    ] as const;
    await Promise.all([createMissingProperties(dependencies, wanted), createMissingProperties(dependencies, wanted)]);
    expect(await types()).toEqual({ company: 'string', age: 'number' });
  });

  it.each([
    [{ key: 'company', type: 'number' }, 'Invalid property `company`: it has the type string.'],
    [{ key: 'a-b', type: 'string' }, 'Invalid property `a-b`: a key has only ASCII letters, digits or underscores.'],
    [{ key: 'email', type: 'string' }, 'Invalid property `email`: `email` is reserved.'],
  ] as const)('refuse %j of an import', async (wanted, message) => {
    await createProperty({ key: 'company', type: 'string' }, dependencies);
    const others = [{ key: 'fine', type: 'string' }, wanted] as const;
    await expect(createMissingProperties(dependencies, others)).rejects.toMatchObject({ status: 422, message });
    expect(await types()).toEqual({ company: 'string' });
  });

  it('are not taken for those of another type while the list lags', async () => {
    await createProperty({ key: 'company', type: 'string' }, dependencies);
    const lagging = { ...dependencies, table: { ...table, query: async () => [] } };
    await createMissingProperties(lagging, [{ key: 'company', type: 'string' }]);
    await expect(createMissingProperties(lagging, [{ key: 'company', type: 'number' }])).rejects.toMatchObject({
      status: 422,
      message: 'Invalid property `company`: it has the type string.',
    });
  });

  it(`are ${propertyLimits.properties} at most`, async () => {
    const wanted = Array.from({ length: propertyLimits.properties }, (_, index) => ({ key: `k${index}` }));
    await createMissingProperties(
      dependencies,
      wanted.map(({ key }) => ({ key, type: 'string' })),
    );
    await expect(createProperty({ key: 'more', type: 'string' }, dependencies)).rejects.toMatchObject({ status: 422 });
    const more = createMissingProperties(dependencies, [{ key: 'more', type: 'string' }]);
    await expect(more).rejects.toMatchObject({ status: 422 });
    const [first] = await listProperties(table);
    await deleteProperty(first?.id ?? '', table);
    await createProperty({ key: 'more', type: 'string' }, dependencies);
  });
});
