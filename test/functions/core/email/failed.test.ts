import { describe, expect, it } from 'vitest';
import { bodyKey } from '../../../../functions/core/email/body.ts';
import { findFailed, retryFailed } from '../../../../functions/core/email/failed.ts';
import { type EmailRecord, listEntry, recordKey } from '../../../../functions/core/email/record.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const nowMs = 1_800_000_000_000;
const signal = new AbortController().signal;
const QUOTA = 'Daily message quota exceeded';

function setUp() {
  const backend = createMemoryBackend({ now: () => nowMs });
  /** An email that failed, accepted `ageMs` ago. */
  const failed = async (id: string, detail: string, more: Partial<EmailRecord> & { ageMs?: number } = {}) => {
    const { ageMs = 0, ...fields } = more;
    const createdAtMs = nowMs - ageMs;
    const timeline = [
      { atMs: createdAtMs, event: 'queued' },
      { atMs: createdAtMs, event: 'failed', detail },
    ];
    const base = {
      to: ['ada@example.com'],
      id,
      fingerprint: 'f',
      status: 'failed',
      queue: 'transactional',
      attempts: 50,
      createdAtMs,
      timeline,
    };
    await backend.table.insert({
      key: recordKey(id),
      fields: { ...base, ...fields },
      list: listEntry({ id, createdAtMs }),
    });
  };
  const many = async (count: number) => {
    for (let id = 0; id < count; id++) await failed(String(id).padStart(4, '0'), QUOTA, { ageMs: count - id });
  };
  const find = (choice = {}) => findFailed(backend, choice, { signal });
  const retry = (ids: readonly string[], options = {}) =>
    retryFailed(backend, ids, { signal, now: () => nowMs, ...options });
  return { backend, failed, many, find, retry };
}

describe('finding failed emails', () => {
  it('answers those that failed, oldest first, and no others', async () => {
    const { failed, find } = setUp();
    await failed('new', QUOTA);
    await failed('old', QUOTA, { ageMs: 5_000 });
    await failed('sent', QUOTA, { status: 'sent' });
    expect(await find()).toEqual({
      ids: ['old', 'new'],
      reasons: [{ reason: QUOTA, emails: 2, example: 'old' }],
      withoutBody: 0,
      stopped: false,
    });
  });

  it('takes those accepted since a time and before another', async () => {
    const { failed, find } = setUp();
    for (const ageMs of [0, 1_000, 2_000, 3_000]) await failed(`${ageMs}`, QUOTA, { ageMs });
    const found = await find({ sinceMs: nowMs - 2_000, untilMs: nowMs });
    expect(found.ids).toEqual(['2000', '1000']);
  });

  it('takes those whose reason contains a text, in any case', async () => {
    const { failed, find } = setUp();
    await failed('1', QUOTA);
    await failed('2', 'Email address is not verified');
    expect((await find({ reason: 'QUOTA' })).ids).toEqual(['1']);
    expect((await find({ reason: 'nothing like it' })).ids).toEqual([]);
  });

  it('groups them by the last reason, without addresses, ids and times', async () => {
    const { failed, find } = setUp();
    await failed('1', 'not verified: ada@example.com (2026-11-20T08:00:00Z)', { ageMs: 2 });
    await failed('2', 'not verified: grace@example.com (2026-11-21T09:30:00Z)', { ageMs: 1 });
    await failed('3', 'https://files.example.com/a?b=1 answered 404');
    await failed('4', '');
    expect((await find()).reasons).toEqual([
      { reason: 'not verified: <address> (<time>)', emails: 2, example: '1' },
      { reason: '<url> answered 404', emails: 1, example: '3' },
      { reason: 'no reason on the record', emails: 1, example: '4' },
    ]);
  });

  it('leaves out those whose bodies have expired', async () => {
    const { backend, failed, find } = setUp();
    await failed('gone', 'The body of this email is gone');
    await failed('there', 'The body of this email is gone');
    await backend.bodies.put(bodyKey('there', 'f'), new Uint8Array(1), nowMs + 1);
    expect(await find()).toMatchObject({ ids: ['there'], withoutBody: 1 });
  });

  it('ends after the page in which it was stopped', async () => {
    const { backend, many } = setUp();
    await many(501);
    const controller = new AbortController();
    const found = await findFailed(backend, {}, { signal: controller.signal, onProgress: () => controller.abort() });
    expect(found).toMatchObject({ stopped: true });
    expect(found.ids).toHaveLength(500);
  });
});

describe('retrying failed emails', () => {
  it('queues each once, on the bulk queue, from its first attempt on', async () => {
    const { backend, many, find, retry } = setUp();
    await many(250);
    const { ids } = await find();
    expect(await retry(ids)).toEqual({ retried: 250, left: 0, stopped: false });
    const jobs = backend.waiting();
    expect(new Set(jobs.map(({ job }) => (job.args as { id: string }).id)).size).toBe(250);
    expect(jobs).toHaveLength(250);
    expect(jobs[0]).toMatchObject({ queue: 'bulk', job: { task: 'email.send', attempt: 1 } });
    const record = await backend.table.get<EmailRecord>(recordKey('0000'));
    expect(record).toMatchObject({
      status: 'queued',
      attempts: 0,
      timeline: [{}, {}, { event: 'retried', atMs: nowMs }],
    });
    expect((await find()).ids).toEqual([]);
  });

  it('goes on where it was stopped', async () => {
    const { backend, many, find, retry } = setUp();
    await many(250);
    const controller = new AbortController();
    const stop = { signal: controller.signal, onProgress: () => controller.abort() };
    expect(await retry((await find()).ids, stop)).toEqual({ retried: 100, left: 0, stopped: true });
    expect(backend.waiting()).toHaveLength(100);
    const { ids } = await find();
    expect(ids[0]).toBe('0100');
    expect(await retry(ids)).toEqual({ retried: 150, left: 0, stopped: false });
  });

  it('leaves those that did not stay failed', async () => {
    const { backend, failed, find, retry } = setUp();
    await failed('sent after all', QUOTA);
    await failed('deleted', QUOTA);
    const { ids } = await find();
    await backend.table.update(recordKey('sent after all'), { set: { status: 'sent' } });
    await backend.table.delete(recordKey('deleted'));
    expect(await retry(ids)).toEqual({ retried: 0, left: 2, stopped: false });
    expect(backend.waiting()).toEqual([]);
  });

  it('rejects after the page in which one could not be queued', async () => {
    const { backend, many, find } = setUp();
    await many(150);
    const { ids } = await find();
    let calls = 0;
    const faulty: typeof backend.updateAndSend = async (...change) => {
      if (++calls === 50) throw new Error('no network');
      return backend.updateAndSend(...change);
    };
    let seen = 0;
    const onProgress = (emails: number) => {
      seen = emails;
    };
    const options = { signal, now: () => nowMs, onProgress };
    await expect(retryFailed({ ...backend, updateAndSend: faulty }, ids, options)).rejects.toThrow('no network');
    expect(seen).toBe(99);
    expect((await find()).ids).toHaveLength(51);
  });
});
