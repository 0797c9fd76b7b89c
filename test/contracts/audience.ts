import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Contact, contactId } from '../../functions/core/audience/contact.ts';
import { changeContact, existingContact, findContact, upsertContacts } from '../../functions/core/audience/contacts.ts';
import {
  addMembers,
  memberCount,
  memberPages,
  membersAfter,
  removeMember,
  removeMemberships,
  segmentIdsOf,
} from '../../functions/core/audience/membership.ts';
import { createWriters } from '../../functions/core/document/writers.ts';
import type { Table } from '../../functions/core/ports/table.ts';
import { repeatingTable } from '../helpers/repeating-table.ts';
import type { TableUnderTest } from './table.ts';

/** The promises of contacts and members on every table: they rest on conditional writes and additions. */
export function audienceContract(name: string, create: () => Promise<TableUnderTest>): void {
  describe(`contacts and segments on ${name}`, () => {
    let underTest: TableUnderTest;
    let table: Table;
    let tests = 0;
    let nowMs = 1_000_000;
    beforeAll(async () => {
      underTest = await create();
      table = underTest.table;
    });
    afterAll(() => underTest?.close());
    beforeEach(() => {
      tests++;
    });

    const asWriter = createWriters(Date.now);
    const on = () => ({ table, asWriter });
    const dependencies = () => ({ table, publish: async () => {}, now: () => nowMs++ });
    const address = (index: number | string) => `person-${tests}-${index}@example.com`;
    const segment = () => `segment-${tests}`;
    const ids = (count: number) => Array.from({ length: count }, (_, index) => contactId(address(index)));

    it('makes one contact of ten concurrent upserts of one address, and loses none of their values', async () => {
      const wanted = Array.from({ length: 10 }, (_, index) => ({
        email: index % 2 ? address('one') : address('one').toUpperCase(),
        properties: { [`key_${index}`]: index },
      }));
      const outcomes = await Promise.all(wanted.map((contact) => upsertContacts(dependencies(), [contact])));
      expect(outcomes.flat().filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
      const contact = await existingContact(table, address('one'));
      expect(Object.keys(contact.properties)).toHaveLength(10);
      expect(await findContact(table, contact.id)).toEqual(contact);
    });

    it('creates, changes or leaves the contacts of a batch as the rule says, and tells which', async () => {
      await upsertContacts(dependencies(), [{ email: address('old'), firstName: 'Old', lastName: 'Name' }]);
      const batch = [
        { email: address('new'), firstName: 'New' },
        { email: address('old'), firstName: 'Changed', lastName: null },
        { email: address('new').toUpperCase(), lastName: 'Twice' },
      ];
      const outcomesOf = async (conflict: 'upsert' | 'skip') =>
        (await upsertContacts(dependencies(), batch, { conflict })).map(({ outcome }) => outcome);
      expect(await outcomesOf('skip')).toEqual(['created', 'skipped', 'skipped']);
      expect(await existingContact(table, address('old'))).toMatchObject({ firstName: 'Old', lastName: 'Name' });
      expect(await outcomesOf('upsert')).toEqual(['updated', 'updated', 'updated']);
      const [changed, twice] = await Promise.all(
        [address('old'), address('new')].map((one) => findContact(table, one)),
      );
      expect(changed).toMatchObject({ firstName: 'Changed' });
      expect(changed).not.toHaveProperty('lastName');
      expect(twice).toMatchObject({ email: address('new'), firstName: 'New', lastName: 'Twice' });
    });

    it('writes 250 contacts at once, and each again without a change', async () => {
      const batch = Array.from({ length: 250 }, (_, index) => ({ email: address(index), firstName: 'Ada' }));
      const created = await upsertContacts(dependencies(), batch);
      expect(created.map(({ id }) => id)).toEqual(ids(250));
      const before = await findContact(table, address(249));
      expect((await upsertContacts(dependencies(), batch)).every(({ outcome }) => outcome === 'updated')).toBe(true);
      expect(await findContact(table, address(249))).toEqual(before);
    });

    it('keeps all of concurrent changes of one contact', async () => {
      await upsertContacts(dependencies(), [{ email: address('one') }]);
      const contact = await existingContact(table, address('one'));
      await Promise.all([
        changeContact(dependencies(), contact, { unsubscribed: true }),
        changeContact(dependencies(), contact, { firstName: 'Ada' }),
        ...[1, 2, 3].map((index) => changeContact(dependencies(), contact, { properties: { [`key_${index}`]: 'x' } })),
      ]);
      expect(await existingContact(table, contact.id)).toMatchObject({
        unsubscribed: true,
        firstName: 'Ada',
        properties: { key_1: 'x', key_2: 'x', key_3: 'x' },
      } satisfies Partial<Contact>);
    });

    it('counts each member once, however often and concurrently it is added and removed', async () => {
      const [first = '', ...others] = ids(150);
      const added = await Promise.all([0, 1, 2].map(() => addMembers(on(), segment(), [first, ...others], nowMs)));
      expect(added.reduce((sum, one) => sum + one)).toBe(150);
      expect(await memberCount(table, segment())).toBe(150);
      const removed = await Promise.all([0, 1, 2].map(() => removeMember(on(), segment(), first)));
      expect(removed.filter(Boolean)).toHaveLength(1);
      expect(await memberCount(table, segment())).toBe(149);
    });

    it('counts each member once although every answer is lost and the client repeats the write', async () => {
      const repeating = { table: repeatingTable(table, () => true), asWriter };
      const [first = '', ...others] = ids(30);
      expect(await addMembers(repeating, segment(), [first, ...others], nowMs)).toBe(30);
      expect(await addMembers(repeating, segment(), [first, ...others], nowMs)).toBe(0);
      expect(await memberCount(table, segment())).toBe(30);
      await Promise.all(others.map((one) => removeMember(repeating, segment(), one)));
      expect(await memberCount(table, segment())).toBe(1);
    });

    it('reads every member once by cursor, those added meanwhile last', async () => {
      const [last = '', ...members] = ids(51);
      for (let start = 0; start < 50; start += 10)
        await addMembers(on(), segment(), members.slice(start, start + 10), nowMs++);
      const read: string[] = [];
      let cursor: string | undefined;
      for (let ended = false; !ended; ) {
        const range = await membersAfter(table, segment(), cursor, 7);
        if (read.length === 0) await addMembers(on(), segment(), [last], nowMs++);
        read.push(...range.contactIds);
        ({ cursor, ended } = range);
      }
      expect(read.toSorted()).toEqual([...members, last].toSorted());
      expect(read.at(-1)).toBe(last);
      expect(await membersAfter(table, segment(), cursor, 7)).toEqual({
        contactIds: [],
        cursors: [],
        cursor,
        ended: true,
      });
      const paged: string[] = [];
      for await (const page of memberPages(table, segment(), 20)) paged.push(...page);
      expect(paged).toEqual(read);
    });

    it('knows the segments of a contact, and leaves those that it joined before a time', async () => {
      const [contact = ''] = ids(1);
      const segments = ['a', 'b', 'c'].map((letter) => `${segment()}${letter}`);
      for (const [index, id] of segments.entries()) await addMembers(on(), id, [contact], 5_000 + index);
      expect(await segmentIdsOf(table, contact)).toEqual(segments);
      await removeMemberships(on(), contact, 5_001);
      expect(await segmentIdsOf(table, contact)).toEqual(segments.slice(2));
      expect(await Promise.all(segments.map((id) => memberCount(table, id)))).toEqual([0, 0, 1]);
    });
  });
}
