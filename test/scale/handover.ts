import { dueEntry, type EmailRecord, recordKey } from '../../functions/core/email/record.ts';
import type { Backend } from '../../functions/core/ports/backend.ts';
import { handOverDue } from '../../functions/core/schedule/handover.ts';
import { cpuShare } from '../../lib/lambda-cpu.ts';
import { randomFrom } from '../helpers/random-text.ts';
import { createSimulatedTime } from '../helpers/simulated-time.ts';
import { createMeteredTable } from './metered-table.ts';
import { createCpu, recordOf } from './parts.ts';

/** Of the CPU, for one email on one core (measured). */
const HANDOVER_CPU_MS = 0.72;
const MINUTE_MS = 60_000;
/** A run begins no page in the last 5 of its 60 seconds. */
const RUN_MS = 55_000;
const DUE_AT_MS = Date.parse('2026-11-23T09:00:00Z');
const AHEAD_MS = 14 * MINUTE_MS;

/** Hands over emails that are due at one moment, one run a minute; answers how long before that moment all were on the queue. */
export async function simulateHandover(load: {
  readonly emails: number;
  readonly memoryMb: number;
  readonly indexShards: number;
}): Promise<{
  readonly minutes: number;
  readonly minutesBefore: number;
  readonly queued: number;
  readonly units: number;
}> {
  const time = createSimulatedTime({ startMs: DUE_AT_MS - AHEAD_MS, wholeMs: true });
  const table = createMeteredTable(time, load.indexShards, { tableUnits: 4_000, keyUnits: 1_000 }, randomFrom(1));
  for (let number = 1; number <= load.emails; number++) {
    const id = String(number).padStart(9, '0');
    const record = {
      ...recordOf(id, 'bulk', time.now()),
      status: 'scheduled',
      scheduledAtMs: DUE_AT_MS,
    } as EmailRecord;
    await table.preload({ key: recordKey(id), fields: record, due: dueEntry(DUE_AT_MS - AHEAD_MS, id) });
  }
  const cpu = createCpu(HANDOVER_CPU_MS / cpuShare(load.memoryMb), time);
  let queued = 0;
  const broker: Backend['broker'] = {
    send: async (jobs) => {
      await Promise.all(jobs.map(cpu));
      await time.wait(15);
      queued += jobs.length;
    },
  };
  const run = (startMs: number) => ({
    backend: { table, broker } as unknown as Backend,
    backlog: async () => ({ jobs: queued }),
    now: time.now,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    metrics: { count: () => {}, sendLatency: () => {} },
    deadlineMs: startMs + RUN_MS,
  });
  let allAtMs = time.now();
  for (let startMs = time.now(); startMs < DUE_AT_MS; startMs += MINUTE_MS) {
    let doneAtMs = startMs;
    const handed = handOverDue(run(startMs)).then((count) => {
      doneAtMs = time.now();
      return count;
    });
    await time.runUntil(startMs + MINUTE_MS);
    if ((await handed) > 0) allAtMs = doneAtMs;
  }
  const minutes = (allAtMs - (DUE_AT_MS - AHEAD_MS)) / MINUTE_MS;
  return { minutes, minutesBefore: (DUE_AT_MS - allAtMs) / MINUTE_MS, queued, units: table.peak('table') };
}
