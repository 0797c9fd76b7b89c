import { beforeEach, describe, expect, it } from 'vitest';
import { contactId } from '../../../../functions/core/audience/contact.ts';
import { existingContact, findContact, upsertContacts } from '../../../../functions/core/audience/contacts.ts';
import {
  addMembers,
  countKey,
  memberCount,
  memberKey,
  membersAfter,
  segmentIdsOf,
} from '../../../../functions/core/audience/membership.ts';
import { recountMembers } from '../../../../functions/core/audience/recount.ts';
import { deleteContact, deleteSegment, leaveSegment } from '../../../../functions/core/audience/removal.ts';
import { createSegment, findSegment } from '../../../../functions/core/audience/segments.ts';
import { audienceTasks } from '../../../../functions/core/audience/tasks.ts';
import { createWriters } from '../../../../functions/core/document/writers.ts';
import type { WebhookEvent } from '../../../../functions/core/event.ts';
import { newId } from '../../../../functions/core/ids.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { createWorker } from '../../../../functions/core/task/worker.ts';
import { createMemoryBackend, type MemoryBackend } from '../../../helpers/memory-backend.ts';

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const asWriter = createWriters(() => clock);
let clock = 0;
let backend: MemoryBackend;
let events: WebhookEvent[];
beforeEach(() => {
  clock = 1_000_000;
  backend = createMemoryBackend({ now: () => clock });
  events = [];
});

const dependencies = (table: Table = backend.table, broker = backend.broker) => ({
  table,
  broker,
  asWriter,
  publish: async (some: readonly WebhookEvent[]) => void events.push(...some),
  now: () => clock,
});

/** Runs what is queued, and what that queues, until nothing is left or a job fails; answers how many jobs ran. */
async function work(table: Table = backend.table, broker = backend.broker): Promise<number> {
  const options = { log: quiet, concurrency: 1, now: () => clock, random: () => 0 };
  const worker = createWorker({
    tasks: audienceTasks,
    dependencies: { ...backend, ...dependencies(table, broker) },
    broker,
    ...options,
  });
  let jobs = 0;
  while (backend.waiting().length > 0) {
    for (const delivery of await backend.receive()) {
      jobs++;
      const failed = await worker([delivery], () => clock + 30_000);
      if (failed.length === 0) continue;
      // The broker delivers it again.
      await backend.broker.send([{ queue: 'transactional', job: JSON.parse(delivery.body) }]);
      return jobs;
    }
    clock += 5_000;
  }
  return jobs;
}

/** A table and a broker that stop for ever at their n-th call, as a killed process does. */
function killedAt(n: number) {
  let calls = 0;
  const guarded = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (of, name) => {
        const method = Reflect.get(of, name);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          if (++calls >= n) throw new Error('killed');
          return method.apply(of, args);
        };
      },
    });
  return { table: guarded(backend.table), broker: guarded(backend.broker), wasKilled: () => calls >= n };
}

async function segmentWith(members: number) {
  const segment = await createSegment('Customers', { ...dependencies(), newId });
  const contacts = Array.from({ length: members }, (_, index) => ({ email: `person-${index}@example.com` }));
  await upsertContacts(dependencies(), contacts);
  const ids = contacts.map(({ email }) => contactId(email));
  await addMembers(dependencies(), segment.id, ids, clock);
  return { id: segment.id, ids };
}

describe('a segment that is deleted', () => {
  it('is gone at once; its members follow in steps, its contacts stay', async () => {
    const { id, ids } = await segmentWith(2_500);
    await deleteSegment(dependencies(), id);
    await expect(findSegment(backend.table, id)).rejects.toMatchObject({ status: 404 });
    expect((await membersAfter(backend.table, id, undefined, 1_000)).contactIds).toHaveLength(1_000);
    expect(await work()).toBe(4);
    expect((await membersAfter(backend.table, id, undefined, 1)).contactIds).toEqual([]);
    expect(await backend.table.get(countKey(id))).toBeUndefined();
    expect(await findContact(backend.table, ids[0] ?? '')).toBeDefined();
  });

  it('loses the member that was added while it was deleted', async () => {
    const { id } = await segmentWith(1);
    await deleteSegment(dependencies(), id);
    const [delivery] = await backend.receive();
    await backend.broker.send([{ queue: 'transactional', job: JSON.parse(delivery?.body ?? '') }]);
    const late = contactId('late@example.com');
    const deleting = work();
    await addMembers(dependencies(), id, [late], clock);
    await deleting;
    expect(await backend.table.get(memberKey(id, late))).toBeUndefined();
  });

  it('is deleted whole, at whatever call the request or a step is killed', async () => {
    let wasKilled = true;
    for (let n = 1; wasKilled; n++) {
      const { id } = await segmentWith(3);
      const killed = killedAt(n);
      // A request that was not answered is repeated.
      await deleteSegment(dependencies(killed.table, killed.broker), id).catch(() => {});
      await work(killed.table, killed.broker);
      wasKilled = killed.wasKilled();
      await deleteSegment(dependencies(), id);
      await work();
      expect([n, await membersAfter(backend.table, id, undefined, 10)]).toMatchObject([n, { contactIds: [] }]);
      await expect(findSegment(backend.table, id)).rejects.toMatchObject({ status: 404 });
    }
  });
});

describe('a contact that is deleted', () => {
  const email = 'person-0@example.com';

  it('leaves its segments, is told to webhooks, and may be created again without them', async () => {
    const { id, ids } = await segmentWith(2);
    events.length = 0;
    await deleteContact(dependencies(), await existingContact(backend.table, email));
    expect(events).toMatchObject([
      { type: 'contact.deleted', subject: { email, segment_ids: [id], audience_id: id, unsubscribed: false } },
    ]);
    expect(await findContact(backend.table, email)).toBeUndefined();
    expect((await membersAfter(backend.table, id, undefined, 10)).contactIds).toEqual(ids.slice(1));
    expect(await memberCount(backend.table, id)).toBe(1);
    clock += 1;
    await upsertContacts(dependencies(), [{ email }]);
    const other = await createSegment('Other', { ...dependencies(), newId });
    await addMembers(dependencies(), other.id, [contactId(email)], clock);
    await work();
    expect(await segmentIdsOf(backend.table, contactId(email))).toEqual([other.id]);
  });

  it('leaves a segment that it was added to while it was deleted', async () => {
    const { id } = await segmentWith(1);
    const contact = await existingContact(backend.table, email);
    await deleteContact(dependencies(), contact);
    await addMembers(dependencies(), id, [contact.id], clock);
    await work();
    expect(await segmentIdsOf(backend.table, contact.id)).toEqual([]);
  });

  it('is deleted whole, at whatever call the request is killed, if it is repeated or not known any more', async () => {
    let wasKilled = true;
    for (let n = 1; wasKilled; n++) {
      const { id } = await segmentWith(1);
      const contact = await existingContact(backend.table, email);
      const killed = killedAt(n);
      await deleteContact(dependencies(killed.table, killed.broker), contact).catch(() => {});
      wasKilled = killed.wasKilled();
      const left = await findContact(backend.table, email);
      if (left) await deleteContact(dependencies(), left);
      await work();
      expect([n, await findContact(backend.table, email)]).toEqual([n, undefined]);
      expect([n, await membersAfter(backend.table, id, undefined, 10)]).toMatchObject([n, { contactIds: [] }]);
    }
  });
});

describe('the counter of a segment', () => {
  it('is too low after a crash between the member and the counter, and right after a recount', async () => {
    const { id } = await segmentWith(2_100);
    const late = contactId('late@example.com');
    const { table } = killedAt(2);
    await expect(addMembers(dependencies(table), id, [late], clock)).rejects.toThrow('killed');
    await addMembers(dependencies(), id, [late], clock);
    expect(await memberCount(backend.table, id)).toBe(2_100);
    await recountMembers.delay({ id }, backend.broker);
    await work();
    expect(await memberCount(backend.table, id)).toBe(2_101);
  });

  it('is right again after the answer to a deletion was lost and the client repeated it', async () => {
    const { id, ids } = await segmentWith(3);
    const table: Table = {
      ...backend.table,
      delete: async (key, anyOf) => {
        await backend.table.delete(key, anyOf);
        return backend.table.delete(key, anyOf);
      },
    };
    const [one = '', other = ''] = ids;
    expect(await leaveSegment(dependencies(), id, one)).toBe(true);
    expect(await leaveSegment(dependencies(), id, one)).toBe(false);
    expect(backend.waiting()).toEqual([]);
    await leaveSegment(dependencies(table), id, other);
    expect(await memberCount(backend.table, id)).toBe(2);
    await work();
    expect(await memberCount(backend.table, id)).toBe(1);
    await deleteContact(dependencies(table), await existingContact(backend.table, 'person-2@example.com'));
    await work();
    expect(await memberCount(backend.table, id)).toBe(0);
  });

  it('is counted again later if the segment changes while it is counted', async () => {
    const { id } = await segmentWith(3);
    await backend.table.update(countKey(id), { set: { members: 7 } });
    const changing: Table = {
      ...backend.table,
      query: async (query) => {
        const entries = await backend.table.query(query);
        if (clock === 1_000_000 && query.index === 'list')
          await addMembers(dependencies(), id, [contactId('late@example.com')], clock);
        return entries;
      },
    };
    await recountMembers.delay({ id }, backend.broker);
    await work(changing);
    expect(await memberCount(backend.table, id)).toBe(4);
  });

  it('is read without a look at the members', async () => {
    const { id } = await segmentWith(5);
    const table = { get: backend.table.get } as Table;
    expect(await memberCount(table, id)).toBe(5);
  });
});
