import { beforeEach, describe, expect, it } from 'vitest';
import { type Contact, contactId, contactKey } from '../../../../../functions/core/audience/contact.ts';
import { fileKey, importLimits } from '../../../../../functions/core/audience/import/import.ts';
import { findImport, type ImportRequest, startImport } from '../../../../../functions/core/audience/import/imports.ts';
import { importContacts } from '../../../../../functions/core/audience/import/task.ts';
import { memberCount, memberPages } from '../../../../../functions/core/audience/membership.ts';
import { recountMembers } from '../../../../../functions/core/audience/recount.ts';
import { createSegment, getSegments } from '../../../../../functions/core/audience/segments.ts';
import { createWriters } from '../../../../../functions/core/document/writers.ts';
import { newId } from '../../../../../functions/core/ids.ts';
import type { Backend } from '../../../../../functions/core/ports/backend.ts';
import type { Task } from '../../../../../functions/core/task/task.ts';
import { createWorker } from '../../../../../functions/core/task/worker.ts';
import { createMemoryBackend, type MemoryBackend } from '../../../../helpers/memory-backend.ts';

const clock = { nowMs: Date.parse('2026-11-22T02:00:00Z') };
const now = () => clock.nowMs;
const published: string[] = [];
let backend: MemoryBackend;
beforeEach(() => {
  backend = createMemoryBackend({ now });
  published.length = 0;
});

const start = (text: string, options: Partial<ImportRequest> = {}) =>
  startImport(
    { file: Buffer.from(text), columnMap: {}, onConflict: 'upsert', segments: [], topics: [], ...options },
    { backend, now, newId, retentionMs: 30 * 86_400_000 },
  );

const publish = async (events: readonly { type: string }[]) => void published.push(...events.map(({ type }) => type));
const workerOn = (ports: Backend, error = () => {}) =>
  createWorker({
    tasks: [importContacts, recountMembers] as unknown as Task<unknown, unknown>[],
    dependencies: { ...ports, asWriter: createWriters(now), publish },
    broker: backend.broker,
    log: { info: () => {}, warn: () => {}, error },
    concurrency: 1,
    now,
    random: () => 0,
  });

/** Works on jobs until none is left; answers how many there were. */
async function workOff(ports: Backend = backend): Promise<number> {
  const work = workerOn(ports);
  for (let jobs = 0; jobs < 500; jobs++) {
    const [delivery, ...others] = await backend.receive();
    if (!delivery) return jobs;
    // Like a queue: what a killed worker had comes again.
    await backend.broker.send(others.map(({ body, queue }) => ({ queue, job: JSON.parse(body) })));
    const failed = await work([delivery], () => now() + 60_000);
    if (failed.length > 0) await backend.broker.send([{ queue: delivery.queue, job: JSON.parse(delivery.body) }]);
  }
  throw new Error('the jobs do not end');
}

async function imported(text: string, options: Partial<ImportRequest> = {}) {
  const id = await start(text, options);
  await workOff();
  return findImport(backend.table, id);
}
const contact = (email: string) => backend.table.get<Contact>(contactKey(contactId(email)));
const numbered = (rows: number) =>
  `email,first_name\n${Array.from({ length: rows }, (_, index) => `user${index}@example.org,U${index}\n`).join('')}`;

describe('an import', () => {
  it('makes contacts of rows, with properties, members and topics', async () => {
    const segment = await createSegment('All', { table: backend.table, now, newId });
    const { status, counts, errors, completedAtMs } = await imported(
      'Mail;Vorname;unsubscribed;Points;VIP;Plan\nada@example.org;Ada;no;10;yes;pro\nbob@example.org;;true;;;\n',
      {
        columnMap: {
          email: 'Mail',
          first_name: 'Vorname',
          properties: {
            points: { column: 'Points', type: 'number' },
            vip: { column: 'VIP', type: 'boolean' },
            plan: { column: 'Plan' },
          },
        },
        segments: [segment.id],
      },
    );
    expect({ status, counts, errors, completedAtMs }).toEqual({
      status: 'completed',
      counts: { total: 2, created: 2, updated: 0, skipped: 0, failed: 0 },
      errors: [],
      completedAtMs: now(),
    });
    expect(await contact('ada@example.org')).toMatchObject({
      firstName: 'Ada',
      unsubscribed: false,
      properties: { points: 10, vip: 'true', plan: 'pro' },
    });
    expect(await contact('bob@example.org')).toMatchObject({ unsubscribed: true, properties: {} });
    expect(await memberCount(backend.table, segment.id)).toBe(2);
    expect(published).toEqual(['contact.created', 'contact.created']);
  });

  it('tells what is wrong by line, and counts it', async () => {
    const { status, counts, errors } = await imported(
      [
        'email,first_name,unsubscribed,points',
        'ada@example.org,Ada,,1',
        'not an address,Bob,,2',
        ',Nobody,,3',
        'ADA@example.org,Ada again,,4',
        'eve@example.org,Eve,perhaps,5',
        'max@example.org,Max,,many',
        'tim@example.org,Tim,,6,more',
        '"zoe@example.org,Zoe,,7',
        `lea@example.org,${'x'.repeat(501)},,8`,
        'kim@example.org,Kim,FALSE,9',
      ].join('\r\n'),
      { columnMap: { properties: { points: { column: 'points', type: 'number' } } } },
    );
    expect([status, counts]).toEqual(['completed', { total: 10, created: 2, updated: 0, skipped: 1, failed: 7 }]);
    expect(errors).toEqual([
      { line: 3, reason: 'Invalid email address. It is not one address.' },
      { line: 4, reason: 'The row has no email address.' },
      { line: 5, reason: 'Line 2 has the same address; this row was skipped.' },
      { line: 6, reason: '`unsubscribed` is neither true nor false.' },
      { line: 7, reason: 'The property `points` is not a number.' },
      { line: 8, reason: 'The row has 5 cells, but the header has 4.' },
      { line: 9, reason: 'A quote is not closed, or is followed by other characters.' },
      { line: 10, reason: 'The `first_name` has more than 500 characters.' },
    ]);
    expect(JSON.stringify(errors)).not.toContain('example.org');
    expect(await contact('ada@example.org')).toMatchObject({ firstName: 'Ada', properties: { points: 1 } });
  });

  it('keeps the first 100 errors, and the file no longer than it is needed', async () => {
    const id = await start(`email\n${'no address\n'.repeat(2_500)}`);
    const standing = await findImport(backend.table, id);
    expect(await backend.bodies.get(fileKey(standing))).toBeDefined();
    await workOff();
    const { counts, errors } = await findImport(backend.table, id);
    expect([counts.failed, errors.length]).toEqual([2_500, importLimits.errors]);
    expect(await backend.bodies.get(fileKey(standing))).toBeUndefined();
  });

  it('leaves existing contacts with `skip`, changes the given fields with `upsert`, and adds both to segments', async () => {
    await imported('email,first_name,last_name\nada@example.org,Ada,Lovelace\n');
    const segment = await createSegment('All', { table: backend.table, now, newId });
    const skipped = await imported('email,first_name\nada@example.org,X\nbob@example.org,Bob', {
      onConflict: 'skip',
      segments: [segment.id],
    });
    expect(skipped.counts).toEqual({ total: 2, created: 1, updated: 0, skipped: 1, failed: 0 });
    expect(await contact('ada@example.org')).toMatchObject({ firstName: 'Ada' });
    expect(await memberCount(backend.table, segment.id)).toBe(2);
    const changed = await imported('email,first_name,last_name\nada@example.org,Augusta,\n');
    expect(changed.counts).toEqual({ total: 1, created: 0, updated: 1, skipped: 0, failed: 0 });
    expect(await contact('ada@example.org')).toMatchObject({ firstName: 'Augusta', lastName: 'Lovelace' });
  });

  it('finds an address again in a later batch, also when the process has worked on another import meanwhile', async () => {
    await start(numbered(5_001).replaceAll('user', 'other'));
    const { counts, errors } = await imported(`${numbered(6_000)}USER5@example.org,again\n`);
    expect(counts).toEqual({ total: 6_001, created: 6_000, updated: 0, skipped: 1, failed: 0 });
    expect(errors).toEqual([{ line: 6_002, reason: 'Line 7 has the same address; this row was skipped.' }]);
  });

  it('adds nobody to a segment that was deleted meanwhile', async () => {
    const segment = await createSegment('All', { table: backend.table, now, newId });
    const id = await start(numbered(3), { segments: [segment.id] });
    await backend.table.delete(`segment#${segment.id}`);
    await workOff();
    expect((await findImport(backend.table, id)).counts.created).toBe(3);
    expect(await getSegments(backend.table, [segment.id])).toEqual([undefined]);
    for await (const page of memberPages(backend.table, segment.id)) expect(page).toEqual([]);
  });

  it('fails when its file is gone', async () => {
    const id = await start(numbered(3));
    await backend.bodies.delete(fileKey(await findImport(backend.table, id)));
    await workOff();
    expect(await findImport(backend.table, id)).toMatchObject({ status: 'failed', completedAtMs: now() });
  });
});

describe('a request to import', () => {
  it.each([
    ['without an email column', 'Email,name\na@example.org,A', {}, 'CSV missing required email column'],
    ['that is empty', '', {}, 'CSV missing required email column'],
    ['with two email columns', 'email,email\n', {}, 'The CSV has the column `email` twice.'],
    [
      'with a map to a column that is not there',
      'email\n',
      { columnMap: { first_name: 'Vorname' } },
      'Invalid `column_map.first_name` field: the CSV has no column `Vorname`.',
    ],
    [
      'in another encoding',
      Buffer.from('email,name\na@example.org,A\nb@example.org,J\xf6rg\n', 'latin1'),
      {},
      'The CSV is not UTF-8: line 3 has other bytes. Save it as UTF-8 (in Excel: "CSV UTF-8").',
    ],
    [
      'in UTF-16',
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('email\n', 'utf16le')]),
      {},
      'The CSV is not UTF-8: it is UTF-16. Save it as UTF-8 (in Excel: "CSV UTF-8").',
    ],
    ['with too many rows', 'email\n'.repeat(importLimits.rows + 2), {}, 'sendoff contacts import FILE'],
    ['for no segment', 'email\n', { segments: ['x'] }, 'there is no segment x.'],
    [
      'with a property of another type',
      'email,a,b\n',
      { columnMap: { properties: { first_name: { column: 'a' } } } },
      'reserved',
    ],
  ])('is refused with a file %s', async (_what, file, options, message) => {
    await expect(start(file as string, options)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining(message),
    });
    expect(backend.waiting()).toEqual([]);
  });

  it('is refused with more than 4 MB, with a hint at the CLI', async () => {
    await expect(start(`email\n${' '.repeat(importLimits.fileBytes)}`)).rejects.toMatchObject({
      status: 413,
      message: expect.stringContaining('sendoff contacts import FILE'),
    });
  });

  it('makes one import for a key, and is refused with other options', async () => {
    const idempotencyKey = 'key-1';
    const id = await start(numbered(2), { idempotencyKey });
    expect(await start(numbered(2), { idempotencyKey })).toBe(id);
    await workOff();
    expect(await start(numbered(2), { idempotencyKey })).toBe(id);
    await expect(start(numbered(3), { idempotencyKey })).rejects.toMatchObject({ status: 409 });
    await expect(start(numbered(2), { idempotencyKey, onConflict: 'skip' })).rejects.toMatchObject({ status: 409 });
    expect(await workOff()).toBe(0);
    clock.nowMs += 86_400_001;
    const again = await start(numbered(3), { idempotencyKey });
    expect(again).not.toBe(id);
  });

  it('makes another import for the key of one that failed', async () => {
    const idempotencyKey = 'key-2';
    const id = await start(numbered(2), { idempotencyKey });
    await backend.bodies.delete(fileKey(await findImport(backend.table, id)));
    await workOff();
    const again = await start(numbered(2), { idempotencyKey });
    expect(again).not.toBe(id);
    await workOff();
    expect((await findImport(backend.table, again)).counts.created).toBe(2);
  });
});

/** A backend whose function is killed at one of its writes: before it, or after it. */
function killedAt(write: number, after: boolean): Backend {
  let writes = 0;
  const wrap = <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) => {
    return async (...args: Args): Promise<Result> => {
      if (++writes < write) return call(...args);
      if (writes === write && after) await call(...args);
      throw new Error('killed');
    };
  };
  const { table } = backend;
  const { insert, update } = table;
  return {
    ...backend,
    table: { ...table, insert: wrap(insert) as typeof insert, update: wrap(update) as typeof update },
    bodies: { ...backend.bodies, delete: wrap(backend.bodies.delete) },
    updateAndSend: wrap(backend.updateAndSend) as Backend['updateAndSend'],
  };
}

describe('an import whose worker is killed', () => {
  const file =
    'email,first_name\nnew1@example.org,N\nold1@example.org,O\nnew2@example.org,N\nold1@example.org,again\nbad,B\n';
  const expected = {
    upsert: { total: 5, created: 2, updated: 1, skipped: 1, failed: 1 },
    skip: { total: 5, created: 2, updated: 0, skipped: 2, failed: 1 },
  };

  it.each(['upsert', 'skip'] as const)('before or after any write has exact counts with `%s`', async (onConflict) => {
    let healed = 0;
    for (const after of [false, true]) {
      for (let write = 1; ; write++) {
        backend = createMemoryBackend({ now });
        await imported('email\nold1@example.org');
        const segment = await createSegment('All', { table: backend.table, now, newId });
        const id = await start(file, { onConflict, segments: [segment.id] });
        let kills = 0;
        const ports = killedAt(write, after);
        const [delivery] = await backend.receive();
        if (!delivery) throw new Error('the import has a job');
        const work = workerOn(ports, () => void kills++);
        if ((await work([delivery], () => now() + 60_000)).length > 0)
          await backend.broker.send([{ queue: 'transactional', job: JSON.parse(delivery.body) }]);
        await workOff();
        const { status, counts } = await findImport(backend.table, id);
        expect({ write, after, status, counts }).toEqual({
          write,
          after,
          status: 'completed',
          counts: expected[onConflict],
        });
        expect(await contact('new2@example.org')).toMatchObject({ firstName: 'N' });
        const members: string[] = [];
        for await (const page of memberPages(backend.table, segment.id)) members.push(...page);
        expect(members).toHaveLength(3);
        const before = await memberCount(backend.table, segment.id);
        if (kills === 0) expect({ before, jobs: backend.waiting() }).toEqual({ before: 3, jobs: [] });
        clock.nowMs += 600_000;
        await workOff();
        expect(await memberCount(backend.table, segment.id)).toBe(3);
        if (before !== 3) healed++;
        if (kills === 0) {
          expect(write).toBeGreaterThan(6);
          break;
        }
      }
    }
    expect(healed).toBeGreaterThan(0);
  });

  it('between its jobs goes on at the cursor', async () => {
    const id = await start(numbered(5_500));
    const [first] = await backend.receive();
    if (!first) throw new Error('the import has a job');
    const ports: Backend = {
      ...backend,
      updateAndSend: async (key, change, anyOf) => {
        await backend.table.update(key, change, anyOf);
        throw new Error('killed before the job is queued');
      },
    };
    await backend.broker.send([{ queue: first.queue, job: JSON.parse(first.body) }]);
    const delivered = backend.receive;
    const [again] = await delivered();
    if (!again) throw new Error('the job is there');
    const work = workerOn(ports);
    expect(await work([again], () => now() + 60_000)).toEqual([again.id]);
    expect(await findImport(backend.table, id)).toMatchObject({ status: 'in_progress', step: 5 });
    await backend.broker.send([{ queue: again.queue, job: JSON.parse(again.body) }]);
    // Its copy, too: SQS delivers at least once.
    await backend.broker.send([{ queue: again.queue, job: JSON.parse(again.body) }]);
    await workOff();
    expect((await findImport(backend.table, id)).counts).toEqual({
      total: 5_500,
      created: 5_500,
      updated: 0,
      skipped: 0,
      failed: 0,
    });
  });
});
