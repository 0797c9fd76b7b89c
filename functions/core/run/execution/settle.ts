import type { Table } from '../../ports/table.ts';
import { type EndedRun, runKey } from '../run.ts';

/** The effects of the end of a run. Each is repeated after a crash, so each must do nothing the second time. */
export interface RunEffects {
  /** Whether any webhook may want the event of this end; absent: none does. */
  readonly wantsEvent?: (run: EndedRun) => Promise<boolean>;
  /** Publishes `task.succeeded` or `task.failed`. */
  readonly publishEnd?: (run: EndedRun) => Promise<void>;
  /** Marks the member of a group (`run.group`) as ended. */
  readonly memberEnded?: (run: EndedRun) => Promise<void>;
  /** Makes the next run of a chain (`run.then`), with an id derived from this run's; called when it succeeded. */
  readonly startNext?: (run: EndedRun) => Promise<void>;
}

/** The effects that the end of this run has. */
async function effectsOf(run: EndedRun, effects: RunEffects): Promise<((run: EndedRun) => Promise<void>)[]> {
  const { wantsEvent, publishEnd, memberEnded, startNext } = effects;
  const hasEvent = run.status === 'succeeded' || run.status === 'failed';
  return [
    hasEvent && publishEnd && (await wantsEvent?.(run)) ? publishEnd : undefined,
    run.group && memberEnded,
    run.status === 'succeeded' && run.then && run.then.length > 0 ? startNext : undefined,
  ].filter((effect) => effect !== undefined);
}

/** True when nothing follows from the end of this run: it is settled with the write that ends it. */
export async function isSettledAtEnd(run: EndedRun, effects: RunEffects, onFailed: unknown): Promise<boolean> {
  if (run.status === 'failed' && onFailed) return false;
  return (await effectsOf(run, effects)).length === 0;
}

/**
 * Does what follows from the end of a run. `onFailed`, which is the user's and may not bear a repetition, comes last and is noted; the
 * others cost no write, as they do nothing the second time.
 */
export async function settleRun(
  run: EndedRun,
  onFailed: (() => Promise<void>) | undefined,
  { effects, table }: { readonly effects: RunEffects; readonly table: Table },
): Promise<void> {
  await Promise.all((await effectsOf(run, effects)).map((effect) => effect(run)));
  if (run.status !== 'failed' || !onFailed) return;
  await onFailed();
  await table.update(runKey(run.id), { set: { settled: true } }, [{ status: 'failed', endedAtMs: run.endedAtMs }]);
}
