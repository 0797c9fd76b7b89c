import { createSegment } from '../../../../functions/core/audience/segments.ts';
import type { Broadcast } from '../../../../functions/core/broadcast/broadcast.ts';
import {
  type BroadcastStoreDependencies,
  createBroadcast,
  findBroadcast,
  type NewBroadcast,
} from '../../../../functions/core/broadcast/store.ts';
import { newId } from '../../../../functions/core/ids.ts';
import { createMemoryBackend, type MemoryBackend } from '../../../helpers/memory-backend.ts';

export interface BroadcastStore extends BroadcastStoreDependencies {
  readonly backend: MemoryBackend;
  readonly clock: { nowMs: number };
  /** Creates a draft for a segment, or with `listed` for a list of its own. */
  draft(fields?: Partial<NewBroadcast>): Promise<Broadcast>;
  find(id: string): Promise<Broadcast>;
  /** The tasks of the jobs that wait, with their arguments. */
  jobs(): readonly (readonly [string, unknown])[];
}

/** Broadcasts in memory, with a clock that tests can set. */
export async function createBroadcastStore(): Promise<BroadcastStore> {
  const clock = { nowMs: Date.parse('2026-11-22T12:00:00Z') };
  const now = () => clock.nowMs;
  const backend = createMemoryBackend({ now });
  const dependencies = { backend, now, newId, retentionMs: 30 * 86_400_000 };
  const segment = await createSegment('Everybody', { table: backend.table, now, newId });
  return {
    ...dependencies,
    clock,
    draft: ({ listed, ...fields } = {}) =>
      createBroadcast(
        {
          ...(listed ? { listed } : { segmentId: segment.id }),
          from: 'Shop <news@example.com>',
          content: { subject: 'News', html: '<p>News</p>' },
          ...fields,
        },
        dependencies,
      ),
    find: (id) => findBroadcast(backend.table, id),
    jobs: () => backend.waiting().map(({ job }) => [job.task, job.args]),
  };
}
