import { isoOrNull } from '../../core/iso-time.ts';
import type { GroupView } from '../../core/run/group/store.ts';

/** A group of runs as the API shows it. */
export function groupView({ id, createdAtMs, closed, total, succeeded, failed, endedAtMs, then }: GroupView) {
  return {
    object: 'run_group',
    id,
    closed,
    total,
    succeeded,
    failed,
    created_at: isoOrNull(createdAtMs),
    finished_at: isoOrNull(endedAtMs),
    // biome-ignore lint/suspicious/noThenProperty: the field of the answer; nothing awaits it
    then: then ? { task: then.task, run_id: then.runId } : null,
  };
}
