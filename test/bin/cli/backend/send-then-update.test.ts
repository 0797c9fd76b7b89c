import { describe, expect, it } from 'vitest';
import { sendThenUpdate } from '../../../../bin/cli/backend/send-then-update.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const startMs = 1_800_000_000_000;
const outgoing = { queue: 'bulk', job: { task: 't', args: {}, attempt: 1 } } as const;

async function setUp() {
  const clock = { nowMs: startMs };
  const backend = createMemoryBackend({ now: () => clock.nowMs });
  await backend.table.insert({ key: 'email#1', fields: { status: 'failed' } });
  const update = (table: Pick<Table, 'update'> = backend.table) =>
    sendThenUpdate({ ...backend, table: { ...backend.table, ...table } }, () => clock.nowMs)(
      'email#1',
      { set: { status: 'queued' } },
      [{ status: 'failed' }],
      outgoing,
    );
  return { clock, backend, update };
}

describe('an update with a job from an operator’s machine', () => {
  it('queues the job for a time when the update is done', async () => {
    const { backend, update } = await setUp();
    expect(await update()).toMatchObject({ applied: true, document: { status: 'queued' } });
    expect(backend.waiting()).toEqual([{ ...outgoing, job: { ...outgoing.job, dueAtMs: startMs + 5_000 } }]);
  });

  it('leaves a job without an update, never an update without a job', async () => {
    const { backend, update } = await setUp();
    const lost = async () => Promise.reject(new Error('no network'));
    await expect(update({ update: lost })).rejects.toThrow('no network');
    expect(backend.waiting()).toHaveLength(1);
    expect(await backend.table.get('email#1')).toEqual({ status: 'failed' });
  });

  it('queues the job once more after an update that took long: the first may have come too soon', async () => {
    const { clock, backend, update } = await setUp();
    const slow: Table['update'] = async (...change) => {
      clock.nowMs += 3_001;
      return backend.table.update(...change);
    };
    expect(await update({ update: slow })).toMatchObject({ applied: true });
    expect(backend.waiting()).toHaveLength(2);
  });
});
