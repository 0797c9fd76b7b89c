import { expect, it } from 'vitest';
import { contactId } from '../../../../functions/core/audience/contact.ts';
import { findContact, upsertContacts } from '../../../../functions/core/audience/contacts.ts';
import { addMembers, memberCount, memberPages } from '../../../../functions/core/audience/membership.ts';
import { createWriters } from '../../../../functions/core/document/writers.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

/** A table that notes the names of its calls. */
function counted() {
  let calls: string[] = [];
  const table = new Proxy(createMemoryBackend().table, {
    get: (target, name) => {
      const method = Reflect.get(target, name);
      return (...args: unknown[]) => {
        calls.push(String(name));
        return method.apply(target, args);
      };
    },
  }) as Table;
  const taken = () => {
    const counts: Record<string, number> = {};
    for (const name of calls) counts[name] = (counts[name] ?? 0) + 1;
    calls = [];
    return counts;
  };
  return { table, taken };
}

it('takes a fixed number of table calls for each contact and page, however large the segment is', async () => {
  const { table, taken } = counted();
  const asWriter = createWriters(() => 1);
  const dependencies = { table, publish: async () => {}, now: () => 1 };
  const contacts = Array.from({ length: 2_500 }, (_, index) => ({ email: `p${index}@example.com` }));
  const ids = contacts.map(({ email }) => contactId(email));

  await upsertContacts(dependencies, contacts);
  expect(taken()).toEqual({ getMany: 25, insert: 2_500 });
  await upsertContacts(dependencies, contacts);
  expect(taken()).toEqual({ getMany: 25 });
  await upsertContacts(
    dependencies,
    contacts.map((contact) => ({ ...contact, firstName: 'Ada' })),
  );
  expect(taken()).toEqual({ getMany: 25, query: 2_500, update: 2_500 });

  await addMembers({ table, asWriter }, 's', ids, 1);
  expect(taken()).toEqual({ insert: 2_501, update: 1 });
  await addMembers({ table, asWriter }, 's', ids.slice(0, 10), 1);
  expect(taken()).toEqual({ insert: 10 });
  for await (const _ of memberPages(table, 's')) {
    // Read only.
  }
  expect(taken()).toEqual({ query: 3 });
  expect(await memberCount(table, 's')).toBe(2_500);
  await findContact(table, 'P1@example.com');
  expect(taken()).toEqual({ get: 2 });
});
