import { describe, expect, it } from 'vitest';
import { contactDocument, contactId, contactKey, newContact } from '../../../../functions/core/audience/contact.ts';
import { addMembers, memberCount, memberKey } from '../../../../functions/core/audience/membership.ts';
import type { DocumentScan, StoredDocument } from '../../../../functions/core/document/scan.ts';
import { createWriters } from '../../../../functions/core/document/writers.ts';
import type { Document } from '../../../../functions/core/ports/table.ts';
import { deleteAudience, removeRecipient } from '../../../../functions/core/privacy/audience.ts';
import { examineOther } from '../../../../functions/core/privacy/erase.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const address = 'un.sub@example.com';
const none: ReadonlySet<string> = new Set();
const finding = (key: string, fields: Document, expired = false) =>
  examineOther({ key, fields, expired }, { address, sender: false }, none);

describe('a document of the audience', () => {
  const own = newContact({ email: 'Un.Sub@Example.com', firstName: 'Ada' }, 1);
  const other = newContact({ email: 'bob@example.com', properties: { friend: `ask ${address}` } }, 1);
  it.each<[string, string, Document, ReturnType<typeof finding>]>([
    ['the contact', contactKey(own.id), own, 'contact'],
    ['another contact that mentions the address', contactKey(other.id), other, 'elsewhere'],
    ['a membership', memberKey('s', own.id), { segmentId: 's', contactId: own.id }, 'membership'],
    ['a membership of another contact', memberKey('s', other.id), { segmentId: 's', contactId: other.id }, undefined],
    ['a list with the address', 'broadcast-chunk#b#0', { recipients: [{ email: `Ada <${address}>` }] }, 'recipient'],
    ['a list of ids of contacts', 'broadcast-chunk#b#0', { recipients: [own.id] }, undefined],
    [
      'a list whose variables mention the address',
      'broadcast-chunk#b#0',
      { recipients: [{ email: 'bob@example.com', variables: { about: address } }] },
      undefined,
    ],
    ['an import that runs', 'contact-import#i', { status: 'in_progress' }, 'importing'],
    ['an import that has ended', 'contact-import#i', { status: 'completed' }, undefined],
  ])('is recognized: %s', (_, key, fields, expected) => {
    expect(finding(key, fields)).toBe(expected);
  });
});

describe('forgetting a person', () => {
  const setUp = () => {
    const { table } = createMemoryBackend();
    const scan = {
      delete: async ({ key }: StoredDocument) => void (await table.delete(key)),
    } as unknown as DocumentScan;
    return { table, scan };
  };

  it('removes memberships with their places in the counts, and the contact', async () => {
    const { table, scan } = setUp();
    const id = contactId(address);
    await table.insert(contactDocument(newContact({ email: address }, 1)));
    const on = { table, scan, asWriter: createWriters(Date.now) };
    await addMembers(on, 's', [id, 'other'], 1);
    for (const key of [memberKey('s', id), contactKey(id)]) await deleteAudience(on, { key, expired: false });
    expect(await table.getMany([memberKey('s', id), contactKey(id)])).toEqual([undefined, undefined]);
    expect(await memberCount(table, 's')).toBe(1);
  });

  it('keeps the places of the others in a list', async () => {
    const { table, scan } = setUp();
    const key = 'broadcast-chunk#b#0';
    const recipients = [{ email: 'a@example.com' }, { email: address, variables: { name: 'Ada' } }, 'contact'];
    await table.insert({ key, fields: { recipients, result: { skipped: { suppressed: [2] } } } });
    await removeRecipient({ table, scan }, { key, expired: false }, address);
    expect(await table.get(key)).toEqual({
      recipients: [{ email: 'a@example.com' }, 'removed', 'contact'],
      result: { skipped: { suppressed: [2] } },
    });
  });
});
