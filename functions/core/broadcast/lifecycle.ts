import { limits } from '../email/schema.ts';
import { invalid, notFound, SendoffError } from '../errors.ts';
import type { OutgoingJob } from '../ports/broker.ts';
import type { Condition } from '../ports/table.ts';
import {
  type Broadcast,
  broadcastDueEntry,
  broadcastKey,
  LOOK_AGAIN_MS,
  RECHECK_SCHEDULED_MS,
  when,
} from './broadcast.ts';
import { contentKey } from './content.ts';
import { countKey } from './counting/progress.ts';
import { firstRecount } from './counting/recount-job.ts';
import { fanOutJob } from './delivery/fan-out-job.ts';
import { type BroadcastStoreDependencies, checkAudience, findBroadcast, notDraft } from './store.ts';

const DAY_MS = 86_400_000;

export interface SendOptions {
  /** Epoch ms; absent: now. */
  readonly scheduledAtMs?: number | undefined;
  /** The hash of the request's idempotency key: the same request does nothing when it is repeated. */
  readonly sentWith?: string | undefined;
}

/**
 * Sends a draft, now or at a time.
 *
 * @throws 403 if it is no draft; 404 if its segment or topic is gone; 422 if it has no recipients.
 */
export async function sendBroadcast(
  id: string,
  { scheduledAtMs, sentWith }: SendOptions,
  { backend, now }: BroadcastStoreDependencies,
): Promise<void> {
  const { table, updateAndSend } = backend;
  const broadcast = await findBroadcast(table, id);
  // Even if it is a draft again.
  if (sentWith !== undefined && broadcast.sentWith === sentWith) return;
  if (broadcast.status === 'draft') {
    checkRecipients(broadcast);
    await checkAudience(table, broadcast);
  }
  const nowMs = now();
  const later = scheduledAtMs !== undefined && scheduledAtMs > nowMs ? scheduledAtMs : undefined;
  const noted = sentWith === undefined ? {} : { sentWith };
  const expiry = broadcast.listed ? { expiresAtMs: nowMs + LISTED_KEPT_MS } : {};
  const start = later === undefined ? startChange(id, nowMs) : scheduleChange(id, later, nowMs, backend.delayHorizonMs);
  const change = { ...start, set: { ...start.set, ...noted }, ...expiry };
  const { applied, document } =
    later !== undefined && later - nowMs > backend.delayHorizonMs
      ? await table.update<Broadcast>(broadcastKey(id), change, when.send)
      : await updateAndSend<Broadcast>(
          broadcastKey(id),
          change,
          when.send,
          fanOutJob(id, later === undefined ? {} : { dueAtMs: later }),
        );
  if (applied || (sentWith !== undefined && document?.sentWith === sentWith)) return;
  throw document ? notDraft('sent') : notFound('Broadcast');
}

/** A broadcast with a list is kept so long; its end then decides. It may be scheduled, paused, and take days. */
const LISTED_KEPT_MS = 2 * limits.scheduleDays * DAY_MS;

function checkRecipients({ listed, segmentId, total = 0 }: Broadcast): void {
  if (listed && total === 0) throw invalid('This broadcast has no `recipients` yet.', 'validation_error');
  if (!listed && segmentId === undefined) throw invalid('Missing `segment_id` field.', 'missing_required_field');
}

/** The change that schedules a draft. If its job is queued at the same time, the schedule looks at it only after its time. */
const scheduleChange = (id: string, scheduledAtMs: number, nowMs: number, delayHorizonMs: number) => ({
  set: { status: 'scheduled', scheduledAtMs, updatedAtMs: nowMs } as const,
  due: broadcastDueEntry(scheduledAtMs + (scheduledAtMs - nowMs > delayHorizonMs ? 0 : RECHECK_SCHEDULED_MS), id),
});

/** The change that begins the sending of a draft, or of a scheduled broadcast whose time has come. */
export const startChange = (id: string, nowMs: number) => ({
  set: { status: 'queued', startedAtMs: nowMs, updatedAtMs: nowMs } as const,
  due: broadcastDueEntry(nowMs + LOOK_AGAIN_MS, id),
});

/**
 * Makes a scheduled broadcast a draft again, or stops one that is being sent or paused: what is sent stays sent.
 *
 * @throws 403 with Resend's message for any other status.
 */
export async function cancelBroadcast(id: string, dependencies: BroadcastStoreDependencies): Promise<void> {
  const { backend, now } = dependencies;
  await findBroadcast(backend.table, id);
  const { applied } = await backend.table.update(
    broadcastKey(id),
    { set: { status: 'draft', updatedAtMs: now() }, remove: ['scheduledAtMs'], due: null },
    when.unschedule,
  );
  const job = firstRecount(id, now());
  if (applied || (await endBroadcast(id, { status: 'canceled', anyOf: when.cancel, job }, dependencies))) return;
  throw new SendoffError('validation_error', 403, 'Only queued or scheduled broadcasts can be canceled');
}

/**
 * Ends a broadcast if one of the conditions holds; answers whether it did. It, its content and its counters expire `retentionMs` later;
 * chunks and records have an expiry of their own.
 */
export async function endBroadcast(
  id: string,
  {
    status,
    reason,
    anyOf,
    job,
  }: {
    readonly status: 'sent' | 'canceled' | 'failed';
    readonly reason?: string;
    readonly anyOf: readonly Condition[];
    /** A job to queue if it ends. */
    readonly job?: OutgoingJob;
  },
  { backend: { table, updateAndSend }, now, retentionMs }: Omit<BroadcastStoreDependencies, 'newId'>,
): Promise<boolean> {
  const nowMs = now();
  const expiresAtMs = nowMs + retentionMs;
  const set = {
    status,
    updatedAtMs: nowMs,
    ...(status === 'sent' ? { sentAtMs: nowMs } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
  const change = { set, due: null, expiresAtMs };
  const { applied, document } = job
    ? await updateAndSend<Broadcast>(broadcastKey(id), change, anyOf, job)
    : await table.update<Broadcast>(broadcastKey(id), change, anyOf);
  // A crash before this keeps the content and the counters, which are small.
  if (applied && document)
    await Promise.all([
      table.update(contentKey(document.contentId), { expiresAtMs }),
      table.update(countKey(id), { expiresAtMs }),
    ]);
  return applied;
}

/** Stops the sending within seconds; 403 unless it is being sent. */
export async function pauseBroadcast(id: string, { backend: { table }, now }: BroadcastStoreDependencies) {
  await findBroadcast(table, id);
  const { applied, document } = await table.update<Broadcast>(
    broadcastKey(id),
    { set: { status: 'paused', updatedAtMs: now() }, due: null },
    when.pause,
  );
  if (!applied && document?.status !== 'paused')
    throw new SendoffError('validation_error', 403, 'Only queued broadcasts can be paused');
}

/** Goes on with a paused broadcast; 403 unless it is paused or being sent. */
export async function resumeBroadcast(id: string, { backend, now }: BroadcastStoreDependencies): Promise<void> {
  await findBroadcast(backend.table, id);
  const nowMs = now();
  const { applied, document } = await backend.updateAndSend<Broadcast>(
    broadcastKey(id),
    { set: { status: 'queued', updatedAtMs: nowMs }, due: broadcastDueEntry(nowMs + LOOK_AGAIN_MS, id) },
    when.resume,
    fanOutJob(id, { requeue: true }),
  );
  if (!applied && document?.status !== 'queued')
    throw new SendoffError('validation_error', 403, 'Only paused broadcasts can be resumed');
}
