import { describe, expect, it } from 'vitest';
import { type EmailRecord, recordKey } from '../../../../../functions/core/email/record.ts';
import { createClaims, leaseEnd } from '../../../../../functions/core/email/send/claims.ts';
import { SendoffError, unavailable } from '../../../../../functions/core/errors.ts';
import type { Table } from '../../../../../functions/core/ports/table.ts';
import type { LogFields } from '../../../../../functions/core/ports/telemetry.ts';
import { createMemoryBackend } from '../../../../helpers/memory-backend.ts';
import { createSimulation } from '../../../../helpers/sending-simulation.ts';

const START_MS = 1_800_000_000_000;
const runId = 'run';
const emailId = '1';

/** A worker that has claimed one email until 10 s from now. */
async function setUp(wrap: (table: Table) => Partial<Table> = () => ({})) {
  const clock = { nowMs: START_MS };
  const warnings: (LogFields | undefined)[] = [];
  const log = { info: () => {}, warn: (_: string, fields?: LogFields) => void warnings.push(fields), error: () => {} };
  const { table } = createMemoryBackend({ now: () => clock.nowMs });
  const leaseUntilMs = START_MS + 10_000;
  const fields = { id: emailId, status: 'sending', attempts: 1, claimedBy: runId, leaseUntilMs, timeline: [] };
  await table.insert({ key: recordKey(emailId), fields });
  const claims = createClaims({ table: { ...table, ...wrap(table) }, now: () => clock.nowMs, log });
  claims.begin({ key: recordKey(emailId), runId, leaseUntilMs });
  const record = () => table.get<EmailRecord>(recordKey(emailId));
  const takeOver = () => table.update(recordKey(emailId), { set: { claimedBy: 'other' } });
  return { claims, clock, table, record, takeOver, warnings };
}

describe('a claim', () => {
  it('allows a send until a second before its lease ends', async () => {
    const { claims, clock } = await setUp();
    clock.nowMs = START_MS + 8_999;
    expect(claims.maySend(runId)).toBe(true);
    clock.nowMs = START_MS + 9_000;
    expect(claims.maySend(runId)).toBe(false);
  });

  it('belongs to the run that made it, until that ends', async () => {
    const { claims } = await setUp();
    expect(claims.maySend('other')).toBe(false);
    claims.end(runId);
    expect(claims.maySend(runId)).toBe(false);
  });

  it('does not allow a send to a function that was frozen until after its end', async () => {
    const { claims, clock } = await setUp();
    clock.nowMs = START_MS + 3_600_000;
    expect(claims.maySend(runId)).toBe(false);
  });

  it('ends with all other claims before the function is frozen', async () => {
    const { claims } = await setUp();
    claims.endAll();
    expect(claims.maySend(runId)).toBe(false);
  });
});

describe('a claim of a worker', () => {
  it('ends when the run ends, in whatever way, and is not renewed any more', async () => {
    const endings: [string, () => void][] = [
      ['sent', () => {}],
      ['tried again', () => fail(unavailable('later'))],
      ['failed', () => fail(new SendoffError('validation_error', 422, 'no'))],
      ['a bug', () => fail(new TypeError('a bug'))],
    ];
    for (const [ending, answer] of endings) {
      const simulation = createSimulation();
      simulation.answers.push(answer);
      const id = await simulation.accept();
      await simulation.work(await simulation.backend.receive());
      const before = await simulation.record(id);
      await simulation.claims.renew(simulation.clock.nowMs + 3_600_000, 0);
      expect({ ending, record: await simulation.record(id) }).toEqual({ ending, record: before });
    }
  });
});

const fail = (error: Error): never => {
  throw error;
};

describe('a renewal', () => {
  it('extends the lease in memory and on the record', async () => {
    const { claims, clock, record } = await setUp();
    await claims.renew(START_MS + 15_000, 1_500);
    expect(await record()).toMatchObject({ leaseUntilMs: leaseEnd(START_MS + 15_000), claimedBy: runId });
    clock.nowMs = START_MS + 15_500;
    expect(claims.maySend(runId)).toBe(true);
  });

  it('is left out where it would gain too little', async () => {
    const { claims, record } = await setUp();
    const before = await record();
    const deadlineMs = START_MS + 10_000 - leaseEnd(0);
    await claims.renew(deadlineMs + 1_499, 1_500);
    expect(await record()).toEqual(before);
    await claims.renew(deadlineMs + 1_500, 1_500);
    expect((await record())?.leaseUntilMs).toBe(START_MS + 11_500);
  });

  it('ends a claim that another run has taken over, and does not change the other one', async () => {
    const { claims, record, takeOver } = await setUp();
    await takeOver();
    const before = await record();
    await claims.renew(START_MS + 15_000, 0);
    expect(await record()).toEqual(before);
    expect(claims.maySend(runId)).toBe(false);
  });

  it('that fails leaves the lease unchanged and logs one line', async () => {
    const update = async () => {
      throw new Error('down');
    };
    const { claims, clock, warnings } = await setUp(() => ({ update }));
    claims.begin({ key: recordKey('2'), runId: 'second', leaseUntilMs: START_MS + 10_000 });
    await claims.renew(START_MS + 15_000, 0);
    expect(claims.maySend(runId)).toBe(true);
    clock.nowMs = START_MS + 9_000;
    expect(claims.maySend(runId)).toBe(false);
    expect(warnings).toEqual([{ claims: 2, error: new Error('down') }]);
  });

  it('does not bring back a claim that ended meanwhile', async () => {
    const { claims } = await setUp((table) => ({
      update: async (...args) => {
        claims.end(runId);
        return table.update(...args);
      },
    }));
    await claims.renew(START_MS + 15_000, 0);
    expect(claims.maySend(runId)).toBe(false);
  });
});
