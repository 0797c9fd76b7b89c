import { examineState, quickChecks, thoroughChecks } from '../../core/inspection/findings/examine.ts';
import type { StateInput } from '../../core/inspection/findings/finding.ts';
import { SENDING_KEY, type SendingState } from '../../core/pacing/sending-state.ts';
import type { QueueDepth } from '../../core/ports/inspection.ts';
import type { Table } from '../../core/ports/table.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import type { Operations } from '../../runtime/operations/operations.ts';
import { statusView } from './view.ts';

export interface StatusDependencies {
  readonly table: Table;
  readonly operations: Operations;
  readonly now: () => number;
  readonly log: Logger;
  readonly maxRatePerSecond?: number | undefined;
  /** How long the queues, and findings of many documents, are shown without looking again, in ms; not at all if absent. */
  readonly keep?: { readonly queuesMs: number; readonly findingsMs: number } | undefined;
}

/** `doctor` looks at more of them: it is asked less often. */
const MOST = { emails: 50, broadcasts: 20 };

/** Answers `GET /status`. */
export function createStatus(dependencies: StatusDependencies): () => Promise<ReturnType<typeof statusView>> {
  const { table, operations, now, log, maxRatePerSecond, keep = { queuesMs: 0, findingsMs: 0 } } = dependencies;
  const depths = async () => (await operations.inspection()).depths();
  const state = kept(now, keep.queuesMs, () => Promise.all([depths(), table.get<SendingState>(SENDING_KEY)]));
  const input = (): StateInput => ({
    table,
    depths: async () => (await state())[0],
    sending: async () => (await state())[1],
    nowMs: now(),
    most: MOST,
  });
  const thorough = kept(now, keep.findingsMs, () => examineState(thoroughChecks, input(), log));
  return async () => {
    const [queues, sending] = await state();
    const [withAges, ...findings] = await Promise.all([
      addAges(queues, dependencies),
      examineState(quickChecks, input(), log),
      thorough(),
    ]);
    return statusView({ atMs: now(), sending, maxRatePerSecond, queues: withAges, findings: findings.flat() });
  };
}

/** The ages that the broker does not tell, for queues that have jobs. Without them the answer is as good. */
async function addAges(
  depths: readonly QueueDepth[],
  { operations, log }: StatusDependencies,
): Promise<readonly QueueDepth[]> {
  const unknown = depths.filter(({ oldestMs, waiting, running }) => oldestMs === undefined && waiting + running > 0);
  if (unknown.length === 0) return depths;
  try {
    const ages = await operations.series.ages(unknown.map(({ queue }) => queue));
    return depths.map((depth) => {
      const seconds = ages.get(depth.queue);
      return seconds === undefined || depth.oldestMs !== undefined ? depth : { ...depth, oldestMs: seconds * 1000 };
    });
  } catch (error) {
    log.warn('ages of queues not known', { error });
    return depths;
  }
}

/** Keeps the result of a read, also one under way, for a time; a failure is not kept. */
function kept<T>(now: () => number, keepMs: number, read: () => Promise<T>): () => Promise<T> {
  let last: { readonly atMs: number; readonly value: Promise<T> } | undefined;
  return () => {
    if (last && now() - last.atMs < keepMs) return last.value;
    const one = { atMs: now(), value: read() };
    last = one;
    one.value.catch(() => {
      if (last === one) last = undefined;
    });
    return one.value;
  };
}
