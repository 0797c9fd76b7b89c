import type { Table } from '../../ports/table.ts';
import type { Logger } from '../../ports/telemetry.ts';
import type { RunRecord } from '../run.ts';
import { changeHeld } from '../transitions.ts';
import type { Control } from './perform.ts';

export interface Progress {
  readonly set: (done: number, total?: number) => void;
  /** The last one, to be written with the end of the attempt; undefined if there was none. */
  readonly last: () => RunRecord['progress'];
}

/** At most one write in this time. */
const EVERY_MS = 1_000;

/** The progress of a kept run: written at most once a second, and with the end of the attempt. */
export function createProgress(
  run: RunRecord,
  control: Control,
  { table, now, log }: { readonly table: Table; readonly now: () => number; readonly log: Logger },
): Progress {
  let last: RunRecord['progress'];
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  return {
    last: () => last,
    set: (done, total) => {
      if (!Number.isFinite(done) || (total !== undefined && !Number.isFinite(total)))
        throw new TypeError('run.progress() takes numbers');
      last = total === undefined ? { done } : { done, total };
      if (control.signal.aborted || now() - writtenAtMs < EVERY_MS) return;
      writtenAtMs = now();
      changeHeld(table, run, { progress: last }).then(
        (held) => held || control.lose(),
        (error: unknown) => log.warn('progress could not be written', { runId: run.id, error }),
      );
    },
  };
}
