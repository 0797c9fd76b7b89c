import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Visit } from './visit.ts';

/** The file of the tasks whose runs make every call that their function's role allows. */
export const PROVING_TASKS = join(import.meta.dirname, '..', 'fixtures', 'tasks', 'permissions.ts');

/** The user's tasks run: with and without arguments that only the bucket holds, in groups and chains, within limits, by a clock. */
export async function runOwnTasks({ ask, local }: Pick<Visit, 'ask' | 'local'>): Promise<void> {
  const { id: webhook } = await ask('POST', '/webhooks', {
    endpoint: `${local.cloud.apiUrl}/health`,
    events: ['task.failed'],
  });
  const large = randomBytes(450_000).toString('hex');
  const calls = [{ args: { large } }, { idempotency_key: 'one' }];
  const ids = await Promise.all(calls.map(async (call) => (await ask('POST', '/tasks/prove.everything', call)).id));
  for (const id of ids) await ended(id);
  await ask('DELETE', `/webhooks/${webhook}`);

  async function ended(id: string): Promise<void> {
    for (;;) {
      const { status } = await ask('GET', `/runs/${id}?wait=20`);
      if (status === 'succeeded') return;
      if (!['queued', 'running'].includes(status)) throw new Error(`the run is ${status}`);
    }
  }
}
