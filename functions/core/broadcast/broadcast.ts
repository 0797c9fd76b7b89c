/**
 * A broadcast: one email to the contacts of a segment, or to a list of its own.
 *
 *     draft ──send──▶ scheduled ──start (at its time)──▶ queued ──complete──▶ sent
 *       │ ▲              │                              ▲  │  │
 *       │ └───cancel─────┘              resume ┌────────┘  │  └──fail──▶ failed
 *       │                                      │           │
 *       └──send (now)──▶ queued              paused ◀──pause
 *                                              └───────── cancel (queued, paused) ──▶ canceled
 *
 * Each move is one conditional write with the conditions below.
 */

import { timeSort } from '../document/time-sort.ts';
import type { Condition, IndexEntry } from '../ports/table.ts';

/** `queued` means that it is being sent, as with Resend. `paused` is ours. */
export type BroadcastStatus = 'draft' | 'scheduled' | 'queued' | 'paused' | 'sent' | 'canceled' | 'failed';

/** A broadcast as it is stored. Times are epoch ms. */
export type Broadcast = {
  readonly id: string;
  readonly name: string;
  readonly status: BroadcastStatus;
  /** The segment whose members get it; absent with `listed`. */
  readonly segmentId?: string;
  /** True if it has recipients of its own: their chunks are written before it is sent. */
  readonly listed?: boolean;
  readonly topicId?: string;
  /** The content, which never changes: another content has another id. */
  readonly contentId: string;
  readonly from: string;
  /** As given, with its placeholders. */
  readonly subject: string;
  readonly replyTo?: readonly string[];
  readonly previewText?: string;
  readonly scheduledAtMs?: number;
  /** When its sending began. */
  readonly startedAtMs?: number;
  /** When its sending ended. */
  readonly sentAtMs?: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** The state of the fan-out: the sort value after which it continues in the segment. */
  readonly cursor?: string;
  /** The number of the next chunk that is made, or with `listed` queued. */
  readonly nextChunk: number;
  /** Recipients in the chunks that were queued. */
  readonly taken: number;
  /** True when no chunk follows. */
  readonly ended: boolean;
  /** The number of all recipients: known from the start with `listed`, otherwise when the segment is exhausted. */
  readonly total?: number;
  /** With `listed`: how many chunks were written and committed. Chunks with this number or a higher one must not be sent. */
  readonly chunkCount?: number;
  /** With `listed`: the recipients that were given, duplicates included; the offset of the next piece. */
  readonly listLength?: number;
  /**
   * True if the list came in more than one piece: an address may then be in two chunks, and its email's record must be inserted before it
   * is sent. Within a piece each address is there once.
   */
  readonly mayRepeat?: boolean;
  /** Why it was canceled, failed or ended early; shown to people. */
  readonly reason?: string;
  /** The hash of the request that created it, with an idempotency key. */
  readonly fingerprint?: string;
  /** The hash of the idempotency key of the request that sent it. */
  readonly sentWith?: string;
};

export const BROADCAST_PARTITION = 'broadcast';
export const broadcastKey = (id: string): string => `broadcast#${id}`;

/** The entry of a broadcast in the list. */
export const broadcastListEntry = ({ id, createdAtMs }: Pick<Broadcast, 'id' | 'createdAtMs'>): IndexEntry => ({
  partition: BROADCAST_PARTITION,
  sort: timeSort(createdAtMs, id),
});

/** The entry that makes the minute schedule look at a broadcast at this time. */
export const broadcastDueEntry = (atMs: number, id: string): IndexEntry => ({
  partition: BROADCAST_PARTITION,
  sort: timeSort(atMs, id),
});

/** A broadcast that is being sent is looked at again after this time, which each step of its fan-out moves. */
export const LOOK_AGAIN_MS = 15 * 60_000;

/** A scheduled broadcast whose job is queued is examined again this long after its time, in case the job was lost. */
export const RECHECK_SCHEDULED_MS = 2 * 60_000;

/** The statuses that a broadcast does not leave. */
export const ENDED_STATUSES: readonly BroadcastStatus[] = ['sent', 'canceled', 'failed'];

const inStatus = (...statuses: BroadcastStatus[]): Condition => ({ status: { in: statuses } });

/** The conditions of each move: the write applies if one of them holds. */
export const when = {
  /** Changed, deleted, given recipients. */
  draft: [inStatus('draft')],
  /** Sent now or scheduled. */
  send: [inStatus('draft')],
  /** A scheduled broadcast begins to be sent. */
  start: (nowMs: number): Condition[] => [{ status: 'scheduled', scheduledAtMs: { atMost: nowMs } }],
  /** Back to a draft. */
  unschedule: [inStatus('scheduled')],
  cancel: [inStatus('queued', 'paused')],
  pause: [inStatus('queued')],
  resume: [inStatus('paused')],
  /** The fan-out moves from this chunk to the next ones. */
  advance: (nextChunk: number): Condition[] => [{ status: 'queued', nextChunk, ended: false }],
  /** All chunks are done. */
  complete: [{ status: 'queued', ended: true }],
  fail: [inStatus('queued')],
} as const satisfies Record<string, readonly Condition[] | ((value: number) => readonly Condition[])>;
