import { describe, expect, it } from 'vitest';
import { derivedId, isId, newId, newSecret, sha256 } from '../../../functions/core/ids.ts';
import { randomFrom, textOf } from '../../helpers/random-text.ts';

describe('derivedId', () => {
  it('is the same for the same parts, and a UUID of version 8', () => {
    expect(derivedId('key', 'order-1', '0')).toBe(derivedId('key', 'order-1', '0'));
    const random = randomFrom(1);
    for (let round = 0; round < 200; round++)
      expect(derivedId(textOf(random, ['a', 'é', '"', '\\', ','], 9))).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
  });

  it('keeps the parts apart', () => {
    const parts = [
      ['ab', 'c'],
      ['a', 'bc'],
      ['abc'],
      ['abc', ''],
      ['', 'abc'],
      ['a","bc'],
      ['a', 'b', 'c'],
      ['["ab","c"]'],
    ];
    expect(new Set(parts.map((some) => derivedId(...some))).size).toBe(parts.length);
  });
});

describe('isId', () => {
  it('is true for ids of Sendoff', () => {
    expect(isId(newId())).toBe(true);
    expect(isId(derivedId('a'))).toBe(true);
  });

  it.each(['', 'x', newId().toUpperCase(), `${newId()}0`, ` ${newId()}`, `${newId()}\n`, newId().replaceAll('-', '')])(
    'is false for %j',
    (text) => {
      expect(isId(text)).toBe(false);
    },
  );
});

describe('secrets and hashes', () => {
  it('makes secrets of 256 bits that differ', () => {
    expect(newSecret()).toMatch(/^[\w-]{43}$/);
    expect(newSecret()).not.toBe(newSecret());
  });

  it('hashes as SHA-256 does', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(newId()).not.toBe(newId());
  });
});
