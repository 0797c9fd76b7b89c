import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Visit } from './visit.ts';

/** The file of the tasks whose runs make every call that their function's role allows. */
export const PROVING_TASKS = join(import.meta.dirname, '..', 'fixtures', 'tasks', 'permissions.ts');

type Asking = Pick<Visit, 'ask' | 'local'>;

/** The user's tasks run: with and without arguments that only the bucket holds, in groups and chains, within limits, by a clock. */
export async function runOwnTasks({ ask, local }: Asking): Promise<void> {
  const { id: webhook } = await ask('POST', '/webhooks', {
    endpoint: `${local.cloud.apiUrl}/health`,
    events: ['task.failed'],
  });
  const { id: topic } = await ask('POST', '/topics', { name: 'Of runs', default_subscription: 'opt_in' });
  const template = 'of-runs';
  const { id: templateId } = await ask('POST', '/templates', {
    name: 'Of runs',
    alias: template,
    html: '<p>Hello</p>',
  });
  await ask('POST', `/templates/${templateId}/publish`);
  const large = randomBytes(450_000).toString('hex');
  const calls = [{ args: { large, topic, template } }, { idempotency_key: 'one' }];
  const ids = await Promise.all(calls.map((call) => callTask({ ask }, 'prove.everything', call)));
  ids.push(await callTask({ ask }, 'prove.limited'), (await ask('POST', '/clocks/prove.yearly/run')).id);
  for (const id of ids) await succeeded({ ask }, id);
  await ask('DELETE', `/webhooks/${webhook}`);
}

/** Calls a task over HTTP; answers the id of its run. */
export async function callTask({ ask }: Pick<Visit, 'ask'>, task: string, call: object = {}): Promise<string> {
  return (await ask('POST', `/tasks/${task}`, call)).id;
}

/** Waits until a run has succeeded. */
export async function succeeded({ ask }: Pick<Visit, 'ask'>, id: string): Promise<void> {
  for (;;) {
    const { status } = await ask('GET', `/runs/${id}?wait=20`);
    if (status === 'succeeded') return;
    if (!['queued', 'running'].includes(status)) throw new Error(`the run is ${status}`);
  }
}

const POLL_MS = 50;
const WITHIN_MS = 60_000;

/** Waits until an answer is there. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (const endMs = Date.now() + WITHIN_MS; Date.now() < endMs; await pause(POLL_MS)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error(`still waiting until ${what}`);
}
