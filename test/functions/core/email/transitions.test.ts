import { describe, expect, it } from 'vitest';
import { type EmailRecord, recordKey } from '../../../../functions/core/email/record.ts';
import { type EmailStatus, emailStatuses } from '../../../../functions/core/email/status.ts';
import {
  cancel,
  claim,
  claimedBy,
  markFailed,
  markSent,
  noteHandover,
  noteSuppressed,
  release,
  renewClaim,
  reschedule,
  retry,
} from '../../../../functions/core/email/transitions.ts';
import type { Document, Table } from '../../../../functions/core/ports/table.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const nowMs = 1_800_000_000_000;
const job = { queue: 'transactional', job: { task: 't', args: {}, attempt: 1 } } as const;
const setUp = async (fields: Document) => {
  const backend = createMemoryBackend({ now: () => nowMs });
  const { table } = backend;
  const base = { id: '1', fingerprint: 'f', attempts: 0, timeline: [] };
  await table.insert({ key: recordKey('1'), fields: { ...base, ...fields }, due: { partition: 'email', sort: 'x' } });
  const due = async () =>
    (await table.query({ index: 'due', partition: 'email', limit: 9, order: 'ascending' })).map(({ sort }) => sort);
  return { backend, table, due, record: () => table.get<EmailRecord>(recordKey('1')) };
};
/** A claim of another run. */
const wanted = { runId: 'other', attempt: 1, nowMs, leaseUntilMs: nowMs + 9 };
type Move = (setting: Awaited<ReturnType<typeof setUp>>) => Promise<{ applied: boolean }>;

describe.each<[string, Move, EmailStatus[], EmailStatus | undefined]>([
  ['sent', ({ table }) => markSent(table, '1', 'm', nowMs), ['sending'], 'sent'],
  [
    'release',
    ({ table }) => release(table, { key: recordKey('1'), runId: 'run' }, { atMs: nowMs, detail: 'later' }),
    ['sending'],
    'queued',
  ],
  [
    'failed (its worker)',
    ({ table }) => markFailed(table, { id: '1', fingerprint: 'f' }, [claimedBy('run')], nowMs, 'no'),
    ['sending'],
    'failed',
  ],
  [
    'failed (no worker)',
    ({ table }) => markFailed(table, { id: '1', fingerprint: 'f' }, [{ status: 'queued' }], nowMs, 'no'),
    ['queued'],
    'failed',
  ],
  [
    'failed (another payload)',
    ({ table }) => markFailed(table, { id: '1', fingerprint: 'g' }, [{ status: 'queued' }], nowMs, 'no'),
    [],
    undefined,
  ],
  ['cancel', ({ table }) => cancel(table, '1', nowMs), ['scheduled', 'queued'], 'canceled'],
  [
    'reschedule',
    ({ backend }) => reschedule(backend, '1', { scheduledAtMs: nowMs + 1, expiresAtMs: nowMs + 9, job }, nowMs),
    ['scheduled'],
    'scheduled',
  ],
  ['retry', ({ backend }) => retry(backend, '1', job, nowMs), ['failed'], 'queued'],
  [
    'claim',
    ({ table }) => claim(table, { id: '1', fingerprint: 'f' }, wanted),
    ['queued', 'scheduled', 'sending'],
    'sending',
  ],
  ['claim (another payload)', ({ table }) => claim(table, { id: '1', fingerprint: 'g' }, wanted), [], undefined],
])('%s', (name, move, from, to) => {
  it.each(emailStatuses)('from %s', async (status) => {
    const setting = await setUp({ status, scheduledAtMs: nowMs, claimedBy: 'run', leaseUntilMs: nowMs - 1 });
    const before = await setting.record();
    expect((await move(setting)).applied).toBe(from.includes(status));
    const after = await setting.record();
    if (!from.includes(status)) return expect(after).toEqual(before);
    expect(after?.status).toBe(to);
    // Every transition adds an entry to the timeline, except the claim and its release.
    expect(after?.timeline).toHaveLength(/^(claim|release)/.test(name) ? 0 : 1);
    // Only a scheduled email is examined by the schedule.
    expect(await setting.due()).toHaveLength(status === 'scheduled' && name === 'reschedule' ? 1 : 0);
  });
});

describe('claim', () => {
  const claims = async (fields: Document, attempt: number) => {
    const { table } = await setUp(fields);
    return (await claim(table, { id: '1', fingerprint: 'f' }, { ...wanted, attempt })).applied;
  };

  it('applies to a queued email for a higher attempt than before', async () => {
    expect(await claims({ status: 'queued', attempts: 2 }, 3)).toBe(true);
    expect(await claims({ status: 'queued', attempts: 2 }, 2)).toBe(false);
    expect(await claims({ status: 'queued', attempts: 2 }, 1)).toBe(false);
  });

  it('applies to a scheduled email from two seconds before its time on', async () => {
    expect(await claims({ status: 'scheduled', scheduledAtMs: nowMs + 2_000 }, 1)).toBe(true);
    expect(await claims({ status: 'scheduled', scheduledAtMs: nowMs + 2_001 }, 1)).toBe(false);
  });

  it('applies to an email whose lease has ended, for the same attempt or a later one', async () => {
    const sending = { status: 'sending', attempts: 2, leaseUntilMs: nowMs - 1 };
    expect(await claims(sending, 2)).toBe(true);
    expect(await claims(sending, 3)).toBe(true);
    expect(await claims(sending, 1)).toBe(false);
    expect(await claims({ ...sending, leaseUntilMs: nowMs }, 2)).toBe(false);
  });
});

describe('a transition by the worker that has the claim', () => {
  const claimed = { status: 'sending', attempts: 1, claimedBy: 'run', leaseUntilMs: nowMs };

  it.each<[string, (table: Table, runId: string) => Promise<{ applied: boolean }>]>([
    ['release', (table, runId) => release(table, { key: recordKey('1'), runId }, { atMs: nowMs, detail: 'later' })],
    ['failed', (table, runId) => markFailed(table, { id: '1', fingerprint: 'f' }, [claimedBy(runId)], nowMs, 'no')],
    ['renewal', (table, runId) => renewClaim(table, recordKey('1'), runId, nowMs + 9)],
    [
      'suppressed',
      (table, runId) =>
        noteSuppressed(
          table,
          { id: '1', claimedBy: runId },
          { recipients: ['a@example.com'], ends: true, atMs: nowMs, detail: 'no' },
        ),
    ],
  ])(
    'applies only for the run that has the claim, not for another one of the same attempt: %s',
    async (_name, move) => {
      const { table, record } = await setUp(claimed);
      const before = await record();
      expect((await move(table, 'other')).applied).toBe(false);
      expect(await record()).toEqual(before);
      expect((await move(table, 'run')).applied).toBe(true);
    },
  );

  it('removes the claim from the record on a release', async () => {
    const { table, record } = await setUp(claimed);
    await release(table, { key: recordKey('1'), runId: 'run' }, { atMs: nowMs, detail: 'later' });
    expect(await record()).not.toHaveProperty('leaseUntilMs');
    expect(await record()).not.toHaveProperty('claimedBy');
  });

  it('counts as applied when the claim on the record is its own, after an answer that was lost', async () => {
    const { table } = await setUp({ status: 'queued' });
    expect((await claim(table, { id: '1', fingerprint: 'f' }, wanted)).applied).toBe(true);
    expect((await claim(table, { id: '1', fingerprint: 'f' }, wanted)).applied).toBe(true);
    expect((await claim(table, { id: '1', fingerprint: 'f' }, { ...wanted, runId: 'third' })).applied).toBe(false);
  });
});

describe('noteHandover', () => {
  it('applies only for the time that was handed over, and changes only when the email is examined again', async () => {
    const { table, due, record } = await setUp({ status: 'scheduled', scheduledAtMs: nowMs });
    expect((await noteHandover(table, '1', nowMs, nowMs + 1)).applied).toBe(false);
    const before = await record();
    expect((await noteHandover(table, '1', nowMs, nowMs)).applied).toBe(true);
    expect(await record()).toEqual(before);
    expect(await due()).toEqual([`${nowMs + 900_000}#1`]);
  });
});
