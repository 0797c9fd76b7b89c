import type { Finding } from '../../core/inspection/findings/finding.ts';
import { iso, isoOrNull } from '../../core/iso-time.ts';
import type { SendingState } from '../../core/pacing/sending-state.ts';
import type { QueueDepth } from '../../core/ports/inspection.ts';

/** The state of a deployment at a moment. */
export interface Status {
  readonly atMs: number;
  /** Absent while SES has not been asked. */
  readonly sending: SendingState | undefined;
  /** The most recipients a second that this deployment may use; absent: all that the account has. */
  readonly maxRatePerSecond?: number | undefined;
  readonly queues: readonly QueueDepth[];
  readonly findings: readonly Finding[];
}

/** The answer of `GET /status`. */
export function statusView({ atMs, sending, maxRatePerSecond, queues, findings }: Status) {
  return {
    object: 'status' as const,
    at: iso(atMs),
    sending: sendingView(sending, maxRatePerSecond),
    queues: queues.map(queueView),
    findings: findings.map(findingView),
  };
}

/** Numbers are null while SES has not been asked; `quota_24h` also where there is no quota. */
function sendingView(state: SendingState | undefined, maxRatePerSecond = Number.POSITIVE_INFINITY) {
  return {
    held: state?.held !== undefined,
    /** Why nothing is sent; null if it is. */
    reason: state?.held === undefined ? null : (state.heldReason ?? reasons[state.held]),
    since: isoOrNull(state?.held === undefined ? undefined : state.heldSinceMs),
    rate_per_second: state ? Math.min(state.ratePerSecond, maxRatePerSecond) : null,
    quota_24h: state && state.max24Hours >= 0 ? state.max24Hours : null,
    used_24h: state ? Math.round(state.sent24Hours) : null,
  };
}

const reasons = { quota: 'The daily quota of SES is used up', paused: 'SES has paused sending' } as const;

/** `oldest_seconds` is null where nobody knows it. */
function queueView({ queue, waiting, running, delayed, oldestMs }: QueueDepth) {
  return {
    name: queue,
    waiting,
    running,
    delayed,
    oldest_seconds: oldestMs === undefined ? null : Math.round(oldestMs / 1000),
  };
}

function findingView({ check, level, text, advice }: Finding) {
  return { check, level, text, advice: advice ?? null };
}
