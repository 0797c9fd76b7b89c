import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DocumentScan, StoredDocument, StoredKind } from '../../functions/core/document/scan.ts';
import { bodyKey } from '../../functions/core/email/body.ts';
import { recordKey } from '../../functions/core/email/record.ts';
import type { BodyStore } from '../../functions/core/ports/bodies.ts';
import type { Table } from '../../functions/core/ports/table.ts';

export interface ScanUnderTest {
  readonly scan: DocumentScan;
  readonly table: Table;
  readonly bodies: BodyStore;
  /** Stores under this key what cannot be read as a document and contains this text. */
  storeDamaged(key: string, text: string): Promise<void>;
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;

/** The contract of every scan: miss nothing that is stored, end for nothing that is stored, delete whatever is stored. */
export function scanContract(name: string, create: () => Promise<ScanUnderTest>): void {
  describe(`${name} keeps the scan's contract`, () => {
    let underTest: ScanUnderTest;
    let id: string;

    beforeAll(async () => {
      underTest = await create();
    });
    afterAll(() => underTest?.close());
    beforeEach(() => {
      id = randomUUID();
    });

    const all = async (kind: StoredKind): Promise<Map<string, StoredDocument>> => {
      const found = new Map<string, StoredDocument>();
      for await (const page of underTest.scan.pages(kind)) for (const one of page) found.set(one.key, one);
      return found;
    };
    const put = (key: string, fields: Record<string, string> = {}) => underTest.table.insert({ key, fields });

    it('answers records with their fields, bodies by their keys, and everything else with its fields', async () => {
      await put(recordKey(id), { status: 'sent' });
      await underTest.bodies.put(bodyKey(id, 'f'), Buffer.from('secret'), Date.now() + HOUR_MS);
      await put(`webhook-event#deleted#${id}`, { payload: '{}' });
      await put(`emailing#${id}`);
      const [emails, bodies, others] = [await all('emails'), await all('bodies'), await all('others')];
      expect(emails.get(recordKey(id))).toMatchObject({ expired: false, fields: { status: 'sent' } });
      expect(bodies.get(bodyKey(id, 'f'))).toEqual({ key: bodyKey(id, 'f'), expired: false });
      expect(others.get(`webhook-event#deleted#${id}`)).toMatchObject({ fields: { payload: '{}' } });
      expect(others.has(`emailing#${id}`)).toBe(true);
      const keys = [emails, bodies, others].map((found) => [...found.keys()].filter((key) => key.includes(id)).length);
      expect(keys).toEqual([1, 1, 2]);
    });

    it('misses none of many documents, more than a page holds', async () => {
      const filler = 'x'.repeat(10_000);
      const keys = Array.from({ length: 250 }, (_, index) => `${recordKey(id)}-${index}`);
      await Promise.all(keys.map((key) => put(key, { filler })));
      const found = await all('emails');
      expect(keys.filter((key) => !found.has(key))).toEqual([]);
    });

    it('answers what is no document as text, and goes on', async () => {
      await underTest.storeDamaged(recordKey(id), 'ada@example.com');
      await put(`${recordKey(id)}-next`);
      const found = await all('emails');
      expect(found.get(recordKey(id))?.fields).toBeUndefined();
      expect(found.get(recordKey(id))?.text).toContain('ada@example.com');
      expect(found.has(`${recordKey(id)}-next`)).toBe(true);
    });

    it('deletes whatever is stored, and what is gone already', async () => {
      await underTest.storeDamaged(recordKey(id), 'ada@example.com');
      await put(`suppression#${id}`);
      for (const key of [recordKey(id), `suppression#${id}`]) {
        await underTest.scan.delete({ key, expired: false });
        await underTest.scan.delete({ key, expired: false });
      }
      expect((await all('emails')).has(recordKey(id))).toBe(false);
      expect(await underTest.table.get(`suppression#${id}`)).toBeUndefined();
    });

    it('leaves nothing of a deleted document in an index', async () => {
      const list = { partition: id, sort: 'a' };
      await underTest.table.insert({ key: recordKey(id), fields: {}, list });
      await underTest.scan.delete({ key: recordKey(id), expired: false });
      expect(await underTest.table.query({ index: 'list', partition: id, limit: 1, order: 'ascending' })).toEqual([]);
    });

    it('deletes an expired document only as long as nothing took its place', async () => {
      const key = recordKey(id);
      const fields = { old: 'yes' };
      await underTest.table.insert({ key, fields, expiresAtMs: Date.now() - 5_000 });
      // Where the database itself drops what has expired there is nothing to see.
      expect((await all('emails')).get(key)?.expired ?? true).toBe(true);
      await underTest.scan.delete({ key, expired: true });
      expect((await all('emails')).has(key)).toBe(false);
    });
  });
}
