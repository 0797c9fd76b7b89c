import { BROADCAST_PARTITION, type Broadcast } from '../../broadcast/broadcast.ts';
import { type Chunk, chunkKey, openChunks } from '../../broadcast/delivery/chunk.ts';
import { sendingReport } from '../../pacing/report.ts';
import type { Table } from '../../ports/table.ts';
import { count, duration } from '../../wording.ts';
import type { Finding, StateCheck } from './finding.ts';

const check = 'broadcasts';
/** The newest broadcasts, which are examined. */
const LOOKED_AT = 200;
/** The alarm BroadcastStalled counts from then on, too. */
const STALLED_MS = 15 * 60_000;
/** A scheduled broadcast begins within seconds; if its job was lost, within minutes. */
const LATE_MS = 5 * 60_000;
/** Before the last chunk is queued, the broadcast itself shows progress; after it, one of the last chunks does. */
const LAST_CHUNKS = 100;
const MOST_COUNTED = 1_000;

/** Examines the broadcasts: is one paused, late, or does it stand still? */
export const broadcasts: StateCheck = {
  name: check,
  examine: async ({ table, sending: readSending, nowMs, most }) => {
    const newest = {
      index: 'list',
      partition: BROADCAST_PARTITION,
      order: 'descending',
      limit: most?.broadcasts ?? LOOKED_AT,
    } as const;
    const [entries, sending] = await Promise.all([table.query(newest), readSending()]);
    const found = await table.getMany<Broadcast>(
      entries.map(({ key }) => key),
      { mayLag: true },
    );
    const held = sending !== undefined && sendingReport(sending).held;
    const findings = await Promise.all(
      found.map(async (broadcast) => (broadcast ? examineOne(broadcast, { table, nowMs, held }) : [])),
    );
    return findings.flat().length > 0
      ? findings.flat()
      : [{ check, level: 'ok', text: 'none is paused, late or stands still' }];
  },
};

interface State {
  readonly table: Table;
  readonly nowMs: number;
  /** True while nothing of the bulk queue is sent. */
  readonly held: boolean;
}

async function examineOne(broadcast: Broadcast, state: State): Promise<Finding[]> {
  const { status, updatedAtMs, scheduledAtMs = state.nowMs } = broadcast;
  if (status === 'paused') return [paused(broadcast, state.nowMs - updatedAtMs)];
  if (status === 'scheduled' && state.nowMs - scheduledAtMs > LATE_MS)
    return [late(broadcast, state.nowMs - scheduledAtMs)];
  // Without progress until then it cannot stand still.
  if (status !== 'queued' || state.nowMs - updatedAtMs <= STALLED_MS) return [];
  return examineQueued(broadcast, state);
}

function paused(broadcast: Broadcast, forMs: number): Finding {
  const text = `${nameOf(broadcast)} has been paused for ${duration(forMs)}`;
  const advice = `sendoff broadcast resume ${broadcast.id} goes on; sendoff broadcast cancel ${broadcast.id} ends it`;
  return { check, level: 'warning', text, advice };
}

function late(broadcast: Broadcast, byMs: number): Finding {
  const text = `${nameOf(broadcast)} should have begun ${duration(byMs)} ago`;
  const advice =
    'the function that runs once a minute begins it; its log: sendoff tail --since 1h --only schedule (backend=redis: --only watchdog)';
  return { check, level: 'problem', text, advice };
}

async function examineQueued(broadcast: Broadcast, { table, nowMs, held }: State): Promise<Finding[]> {
  const { id, nextChunk, updatedAtMs } = broadcast;
  const first = Math.max(0, nextChunk - LAST_CHUNKS);
  const keys = Array.from({ length: nextChunk - first }, (_, index) => chunkKey(id, first + index));
  const chunks = await table.getMany<Chunk>(keys);
  const stillMs = nowMs - Math.max(updatedAtMs, ...chunks.map((chunk) => chunk?.doneAtMs ?? 0));
  if (stillMs <= STALLED_MS) return [];
  if (held)
    return [
      {
        check,
        level: 'warning',
        text: `${nameOf(broadcast)} waits because sending is held`,
        advice: 'see the check "sending"; it goes on when sending does',
      },
    ];
  const open = await openChunks(table, id, { end: nextChunk, limit: MOST_COUNTED });
  const left = open.length < MOST_COUNTED ? count(open.length, 'chunk') : `${MOST_COUNTED} chunks or more`;
  return [
    {
      check,
      level: 'problem',
      text: `${nameOf(broadcast)} has stood still for ${duration(stillMs)}: ${left} of ${nextChunk} not done`,
      advice:
        'sendoff dead-letters list (jobs named broadcast.…) and sendoff tail --since 1h --only send --level warn say why; ' +
        `when the cause is fixed: sendoff broadcast pause ${id}, then sendoff broadcast resume ${id}`,
    },
  ];
}

const nameOf = ({ id, name }: Broadcast): string => (name ? `"${name}" (${id})` : id);
