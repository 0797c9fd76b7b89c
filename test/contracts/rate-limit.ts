import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Credential, createApiKey, tokenCredential } from '../../functions/core/access/api-key.ts';
import { type Admit, createRateLimit } from '../../functions/core/access/rate-limit.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import type { TableUnderTest } from './table.ts';

const START_MS = Date.parse('2026-11-21T12:00:00Z');

/** The contract of the limit of an API key, on every table: it rests on conditional writes alone. */
export function rateLimitContract(name: string, create: () => Promise<TableUnderTest>): void {
  describe(`the rate limit of API keys on ${name}`, () => {
    let underTest: TableUnderTest;
    let key: Credential;
    afterAll(() => underTest?.close());
    beforeEach(async () => {
      underTest ??= await create();
      key = await newKey();
    });

    const newKey = async () =>
      tokenCredential(
        (await createApiKey(underTest.table, { name: 'Key', permission: 'full_access' }, START_MS)).token,
      );
    /** The limits of several functions. */
    const functions = (count: number, perSecond: number): Admit[] =>
      Array.from({ length: count }, () => createRateLimit(underTest.table, perSecond));
    const admitted = async (asked: readonly Promise<{ admitted: boolean }>[]) =>
      (await Promise.all(asked)).filter((one) => one.admitted).length;

    it('admits exactly as many requests of a second as it allows, whichever functions they reach', async () => {
      const all = functions(5, 10);
      for (const second of [0, 1, 5]) {
        const atMs = START_MS + second * 1_000;
        const asked = all.flatMap((admit) => Array.from({ length: 8 }, (_, n) => admit(key, atMs + n * 100)));
        expect(await admitted(asked)).toBe(10);
      }
    });

    it('counts the request of a function whose clock is behind in the second that another has begun', async () => {
      const [ahead, behind] = functions(2, 3);
      expect(await ahead?.(key, START_MS + 1_000)).toMatchObject({ admitted: true, remaining: 2 });
      expect(await behind?.(key, START_MS + 900)).toMatchObject({ admitted: true, remaining: 1 });
      expect(await ahead?.(key, START_MS + 1_001)).toMatchObject({ admitted: true, remaining: 0 });
      expect(await behind?.(key, START_MS + 901)).toMatchObject({ admitted: false, remaining: 0 });
      expect(await behind?.(key, START_MS + 2_001)).toMatchObject({ admitted: true, remaining: 2 });
    });

    it('is not stopped by a clock that is wrong by hours', async () => {
      const [wrong, right] = functions(2, 1);
      await wrong?.(key, START_MS + 7_200_000);
      expect(await right?.(key, START_MS)).toMatchObject({ admitted: true });
      expect(await right?.(key, START_MS)).toMatchObject({ admitted: false });
    });

    it('counts each key by itself', async () => {
      const [admit] = functions(1, 1);
      expect(await admit?.(key, START_MS)).toMatchObject({ admitted: true });
      expect(await admit?.(await newKey(), START_MS)).toMatchObject({ admitted: true });
      expect(await admit?.(key, START_MS)).toMatchObject({ admitted: false });
    });

    it('answers the key as it is stored, or none', async () => {
      const [admit] = functions(1, 1);
      expect((await admit?.(key, START_MS))?.apiKey).toMatchObject({ name: 'Key', permission: 'full_access' });
      expect((await admit?.(tokenCredential('re_unknown'), START_MS))?.apiKey).toBeUndefined();
    });

    it('takes one call a request, a second one in a window that another function has begun, none when it is full', async () => {
      let calls = 0;
      const counting: Table = {
        ...underTest.table,
        update: (...update) => {
          calls++;
          return underTest.table.update(...update);
        },
      };
      const callsOf = async (admit: Admit, atMs: number) => {
        const before = calls;
        await admit(key, atMs);
        return calls - before;
      };
      const [one, other] = [createRateLimit(counting, 3), createRateLimit(counting, 3)];
      expect(await callsOf(one, START_MS)).toBe(1);
      expect(await callsOf(one, START_MS + 10)).toBe(1);
      expect(await callsOf(other, START_MS + 20)).toBe(2);
      expect(await callsOf(other, START_MS + 30)).toBe(0);
      expect(await callsOf(one, START_MS + 40)).toBe(1);
      expect(await callsOf(one, START_MS + 50)).toBe(0);
      expect(await callsOf(one, START_MS + 1_000)).toBe(1);
    });
  });
}
