import { describe, expect, it } from 'vitest';
import { recordKey } from '../../../../functions/core/email/record.ts';
import { MOST_SEARCHED } from '../../../../functions/core/email/search.ts';
import { newId } from '../../../../functions/core/ids.ts';
import { type ApiClient, createApiClient } from '../../../helpers/api-client.ts';
import { plainEmail } from '../../../helpers/sending-simulation.ts';
import { createTableMeter } from '../../../helpers/table-meter.ts';

const given = [
  { to: 'Ada <ada@example.com>', subject: 'Your order 17', tags: [{ name: 'kind', value: 'order' }] },
  { to: 'bob@example.com', cc: 'ada@example.com', subject: 'News', from: 'Shop <news@example.com>' },
  { to: 'c@example.com', bcc: '"A.Da"@example.com', subject: 'ÄRGER', tags: [{ name: 'kind', value: 'news' }] },
  { to: 'd@example.com', subject: 'Your ORDER 18' },
];

/** Emails a minute apart from 12:00 on; answers the indexes of those that a search finds, newest first. */
async function started() {
  const client = await createApiClient();
  const ids: string[] = [];
  for (const fields of given) {
    ids.push((await client.ask('POST', '/emails', { ...plainEmail, ...fields })).body.id);
    client.clock.nowMs += 60_000;
  }
  await client.backend.table.update(recordKey(ids[0] ?? ''), { set: { status: 'bounced' } });
  await client.backend.table.update(recordKey(ids[1] ?? ''), { set: { status: 'sending' } });
  const search = async (query: string) => {
    const { status, body } = await client.ask('GET', `/emails?${query}`);
    if (status !== 200) throw new Error(body.message);
    return (body.data as { id: string }[]).map(({ id }) => ids.indexOf(id));
  };
  return { ...client, ids, search };
}

/** Records as they are stored, one a millisecond; every hundredth has the subject `rare`. */
async function stored({ backend, clock }: ApiClient, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, newId);
  for (const [index, id] of ids.entries()) {
    const createdAtMs = clock.nowMs + index;
    const fields = {
      ...{ id, status: 'sent', from: 'a@example.com', to: ['b@example.com'], createdAtMs, timeline: [], attempts: 1 },
      ...{ subject: index % 100 === 0 ? 'rare' : 'x', fingerprint: 'f', queue: 'bulk' },
    };
    const list = { partition: 'email', sort: `${createdAtMs}#${id}` };
    await backend.table.insert({ key: recordKey(id), fields, list });
  }
  return ids;
}

describe('GET /emails with a filter', () => {
  it.each<[string, number[]]>([
    ['status=bounced', [0]],
    ['status=queued', [3, 2, 1]],
    ['status=bounced,queued', [3, 2, 1, 0]],
    ['status=sent', []],
    ['from=NEWS@', [1]],
    ['from=shop', [1]],
    ['to=ada@example.com', [1, 0]],
    ['to=ADA@Example.com', [1, 0]],
    ['to=a.da@example.com', [2]],
    ['to=da@example.com', []],
    ['subject=order', [3, 0]],
    ['subject=%C3%A4rger', [2]],
    ['tag=kind:order', [0]],
    ['tag=kind', [2, 0]],
    ['tag=kind:', [2, 0]],
    ['tag=other', []],
    ['since=2026-11-21T12:01:00Z', [3, 2, 1]],
    ['until=2026-11-21T12:01:00Z', [0]],
    ['since=2026-11-21T12:01:00Z&until=2026-11-21T13:03:00%2B01:00', [2, 1]],
    ['since=2027-01-01', []],
    ['subject=order&status=queued', [3]],
    ['subject=&status=&to=', [3, 2, 1, 0]],
  ])('finds what matches: %s', async (query, found) => {
    const { search } = await started();
    expect(await search(query)).toEqual(found);
  });

  it('goes on from a cursor both ways', async () => {
    const { search, ids } = await started();
    expect(await search(`subject=order&after=${ids[3]}`)).toEqual([0]);
    expect(await search(`subject=order&before=${ids[0]}`)).toEqual([3]);
    expect(await search(`status=queued&limit=1&before=${ids[0]}`)).toEqual([1]);
    expect(await search(`since=2026-11-21T12:01:00Z&after=${ids[2]}`)).toEqual([1]);
    expect(await search(`until=2026-11-21T12:02:00Z&before=${ids[0]}`)).toEqual([1]);
  });

  it('says where to go on and how far it looked, and answers a list without a filter as before', async () => {
    const { ask, ids } = await started();
    expect((await ask('GET', '/emails?subject=order&limit=1')).body).toMatchObject({
      has_more: true,
      next: ids[3],
      searched_until: '2026-11-21T12:03:00.000Z',
    });
    const whole = (await ask('GET', '/emails?subject=order')).body;
    expect([whole.has_more, whole.next, whole.searched_until]).toEqual([false, undefined, '2026-11-21T12:00:00.000Z']);
    expect(Object.keys((await ask('GET', '/emails?limit=1')).body)).toEqual(['object', 'has_more', 'data']);
  });

  it(`reads at most ${MOST_SEARCHED} records a call, and finds each match once from call to call`, async () => {
    let read: () => number = () => 0;
    const client = await createApiClient((backend) => {
      const { table, calls } = createTableMeter(backend.table);
      read = () => calls.get('read email') ?? 0;
      return { ...backend, table };
    });
    const ids = await stored(client, 2_350);
    const found: string[] = [];
    const calls: number[] = [];
    for (let after = ''; calls.length < 10; ) {
      const { body } = await client.ask('GET', `/emails?subject=rare&limit=50${after}`);
      found.push(...body.data.map(({ id }: { id: string }) => id));
      calls.push(body.data.length);
      if (!body.has_more) break;
      after = `&after=${body.next}`;
    }
    expect(found).toEqual(ids.filter((_, index) => index % 100 === 0).toReversed());
    expect(calls).toEqual([10, 10, 4]);
    expect(read()).toBe(2_350);
  });

  it('answers what it has found after 10 s', async () => {
    const client = await createApiClient((backend) => {
      const query: typeof backend.table.query = async (asked) => {
        if (asked.partition === 'email') client.clock.nowMs += 6_000;
        return backend.table.query(asked);
      };
      return { ...backend, table: { ...backend.table, query } };
    });
    await stored(client, 500);
    const { body } = await client.ask('GET', '/emails?subject=rare');
    expect([body.data.length, body.has_more]).toEqual([2, true]);
  });

  it.each([
    ['status=bouncd', 'did you mean `bounced`?'],
    ['status=xyz', 'it must be of scheduled'],
    ['status=sent,', 'Invalid `status`'],
    ['to=ada', 'the whole address'],
    ['tag=:x', 'it must be `name:value`'],
    ['tag=a:b:c', 'it must be `name:value`'],
    ['since=', 'Invalid `since`'],
    ['since=yesterday', 'Invalid `since`'],
    ['until=2026-13-01', 'Invalid `until`'],
    ['since=%2B275760-09-13', 'Invalid `since`'],
    [`subject=${'x'.repeat(1_001)}`, 'at most 1000 characters'],
    ['subject=x&limit=0', 'Invalid `limit`'],
  ])('answers 422 to %s', async (query, message) => {
    const { ask } = await createApiClient();
    expect(await ask('GET', `/emails?${query}`)).toMatchObject({
      status: 422,
      body: { name: 'invalid_parameter', message: expect.stringContaining(message) },
    });
  });

  it.each(['after', 'before'])('answers 404 to an unknown id as cursor (%s)', async (name) => {
    const { ask } = await createApiClient();
    for (const id of [newId(), 'x'.repeat(3_000)])
      expect((await ask('GET', `/emails?subject=x&${name}=${id}`)).status).toBe(404);
  });
});
