import { eventIdOf } from '../../event.ts';
import { iso } from '../../iso-time.ts';
import type { Publish } from '../../webhook/dispatch.ts';
import type { RunEffects } from './settle.ts';

/** Makes the effect that publishes `task.succeeded` and `task.failed`: without arguments and result. */
export function createPublishEnd(publish: Publish): NonNullable<RunEffects['publishEnd']> {
  return async ({ id, task, status, attempts, error, createdAtMs, endedAtMs }) => {
    const type = status === 'succeeded' ? 'task.succeeded' : 'task.failed';
    const subject = {
      run_id: id,
      task,
      status,
      attempts,
      ...(error ? { error: { code: error.code, message: error.message } } : {}),
      created_at: iso(createdAtMs),
      finished_at: iso(endedAtMs),
    };
    // A run that is retried may end again.
    await publish([{ type, eventId: eventIdOf(type, id, String(endedAtMs)), atMs: endedAtMs, subject }]);
  };
}
