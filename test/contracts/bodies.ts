import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BodyStore } from '../../functions/core/ports/bodies.ts';

export interface BodiesUnderTest {
  readonly bodies: BodyStore;
  close(): Promise<void>;
}

const KIB = 1024;

/** The contract of every body store. */
export function bodiesContract(name: string, create: () => Promise<BodiesUnderTest>): void {
  describe(`${name} keeps the body store's contract`, () => {
    let underTest: BodiesUnderTest;
    let bodies: BodyStore;
    let key: string;
    let tests = 0;

    beforeAll(async () => {
      underTest = await create();
      bodies = underTest.bodies;
    });
    afterAll(() => underTest?.close());
    beforeEach(() => {
      key = `body#${++tests}#fingerprint`;
    });

    const put = (bytes: Uint8Array, at = key) => bodies.put(at, bytes, Date.now() + 3_600_000);
    const read = async (at = key) => Buffer.from((await bodies.get(at)) ?? 'nothing was read');

    it('answers undefined for a key that was never put', async () => {
      expect(await bodies.get(key)).toBeUndefined();
    });

    it.each([
      ['every byte value', Uint8Array.from({ length: 256 }, (_, value) => value)],
      ['bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0x00, 0x0d, 0x0a)],
      ['one byte', Uint8Array.of(0)],
      ['the first bytes of a larger buffer', Buffer.from('abcdef').subarray(0, 3)],
      ['8 KiB', randomBytes(8 * KIB)],
      ['one byte more than 8 KiB', randomBytes(8 * KIB + 1)],
      ['300 KiB', randomBytes(300 * KIB)],
      ['1.5 MiB', randomBytes(1.5 * KIB * KIB)],
    ])('reads back %s', async (_what, bytes) => {
      await put(bytes);
      expect((await read()).equals(bytes)).toBe(true);
    });

    it('keeps keys apart', async () => {
      await put(Uint8Array.of(1));
      await put(Uint8Array.of(2), `${key}-other`);
      expect([...(await read())]).toEqual([1]);
      expect([...(await read(`${key}-other`))]).toEqual([2]);
    });

    it.each([
      ['small over large', randomBytes(400 * KIB), Uint8Array.of(7)],
      ['large over small', Uint8Array.of(7), randomBytes(400 * KIB)],
      ['the same again', Uint8Array.of(7), Uint8Array.of(7)],
    ])('takes a second put of a key: %s', async (_what, first, second) => {
      await put(first);
      await put(second);
      expect((await read()).equals(second)).toBe(true);
    });

    it.each([
      ['small', Uint8Array.of(1)],
      ['large', randomBytes(400 * KIB)],
    ])('deletes a %s body, and does not mind one that is not there', async (_what, bytes) => {
      await put(bytes);
      await bodies.delete(key);
      expect(await bodies.get(key)).toBeUndefined();
      await bodies.delete(key);
    });
  });
}
