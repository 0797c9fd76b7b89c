import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { OutgoingJob } from '../../../../functions/core/ports/broker.ts';
import { emailRetry } from '../../../../functions/core/task/retry.ts';
import { task } from '../../../../functions/core/task/task.ts';

const resize = task(
  'image.resize',
  { args: z.object({ id: z.string() }), queue: 'bulk', retry: emailRetry },
  async () => {},
);
const now = () => 1_000;

describe('a task', () => {
  it('is called by its name, on its queue, for a first attempt', () => {
    expect(resize.call({ id: '1' })).toEqual({
      queue: 'bulk',
      job: { task: 'image.resize', args: { id: '1' }, attempt: 1 },
    });
  });

  it('can be called for later, with an expiry, on another queue', () => {
    const options = { delaySeconds: 90.5, expiresAt: new Date(500_000), queue: 'transactional', now } as const;
    expect(resize.call({ id: '1' }, options)).toEqual({
      queue: 'transactional',
      job: { task: 'image.resize', args: { id: '1' }, attempt: 1, dueAtMs: 91_500, expiresAtMs: 500_000 },
    });
  });

  it('is due at once without a delay', () => {
    expect(resize.call({ id: '1' }, { delaySeconds: 0, now }).job).not.toHaveProperty('dueAtMs');
  });

  it('is queued by `delay`, which resolves when the job is durable or rejects', async () => {
    const queued: OutgoingJob[] = [];
    await resize.delay({ id: '1' }, { send: async (jobs) => void queued.push(...jobs) }, { delaySeconds: 1, now });
    expect(queued).toEqual([resize.call({ id: '1' }, { delaySeconds: 1, now })]);
    const down = { send: () => Promise.reject(new Error('down')) };
    await expect(resize.delay({ id: '1' }, down)).rejects.toThrow('down');
  });
});
