import { beforeEach, describe, expect, it } from 'vitest';
import { upsertContacts } from '../../../../functions/core/audience/contacts.ts';
import { exportLimits, exportPage } from '../../../../functions/core/audience/export.ts';
import { addMembers } from '../../../../functions/core/audience/membership.ts';
import { createProperty } from '../../../../functions/core/audience/properties.ts';
import { createSegment } from '../../../../functions/core/audience/segments.ts';
import { createWriters } from '../../../../functions/core/document/writers.ts';
import { newId } from '../../../../functions/core/ids.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const now = () => Date.parse('2026-11-21T12:00:00Z');
let { table } = createMemoryBackend({ now });
beforeEach(() => {
  ({ table } = createMemoryBackend({ now }));
});

const contacts = (size: number, fields = {}) =>
  upsertContacts(
    { table, now, publish: async () => {} },
    Array.from({ length: size }, (_, index) => ({ email: `p${index}@example.org`, ...fields })),
  );

async function everything(segmentId?: string) {
  let [csv, pages, after]: [string, number, string | undefined] = ['', 0, undefined];
  do {
    const page: Awaited<ReturnType<typeof exportPage>> = await exportPage(table, { segmentId, after });
    [csv, pages, after] = [csv + page.csv, pages + 1, page.next];
  } while (after !== undefined);
  const lines = csv.trimEnd().split('\r\n');
  return { header: lines[0], rows: lines.slice(1), pages };
}

describe('an export of contacts', () => {
  it('has each contact once over its pages, and one header', async () => {
    await createProperty({ key: 'plan', type: 'string' }, { table, now });
    await contacts(exportLimits.contacts + 5, { properties: { plan: '=1' } });
    const { header, rows, pages } = await everything();
    expect([header, pages]).toEqual(['email,first_name,last_name,unsubscribed,plan,created_at', 2]);
    expect(new Set(rows).size).toBe(exportLimits.contacts + 5);
    expect(rows[0]).toMatch(/^p\d+@example.org,,,false,'=1,2026-11-21T12:00:00.000Z$/);
  });

  it('of a segment has its contacts only', async () => {
    const outcomes = await contacts(5);
    const { id } = await createSegment('Customers', { table, now, newId });
    await addMembers(
      { table, asWriter: createWriters(Date.now) },
      id,
      outcomes.slice(0, 3).map((one) => one.id),
      now(),
    );
    expect((await everything(id)).rows).toHaveLength(3);
  });

  it('ends a page before it is too long for an answer', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await createProperty({ key, type: 'string' }, { table, now });
    const text = 'x'.repeat(2_000);
    await contacts(400, { properties: { a: text, b: text, c: text, d: text } });
    const { csv } = await exportPage(table, {});
    expect(csv.length).toBeGreaterThanOrEqual(exportLimits.characters);
    expect(csv.length).toBeLessThan(exportLimits.characters + 20_000);
    expect(await everything()).toMatchObject({ pages: 3, rows: { length: 400 } });
  });

  it('refuses another cursor, and columns that change on the way', async () => {
    await contacts(exportLimits.contacts + 1);
    const { next } = await exportPage(table, {});
    await createProperty({ key: 'plan', type: 'string' }, { table, now });
    await expect(exportPage(table, { after: next })).rejects.toMatchObject({ status: 409 });
    await expect(exportPage(table, { after: 'x' })).rejects.toMatchObject({ status: 404 });
  });
});
