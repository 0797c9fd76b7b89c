import assert from 'node:assert/strict';
import { requester } from '../flows/request.ts';
import type { Deployment } from './deployed-target.ts';

/** Calls a task, and a clock's, of the file with which the variant is deployed. */
export async function checkTasks({ url, apiKey }: Deployment): Promise<string> {
  const request = requester(url, apiKey);
  const startedAtMs = performance.now();
  const called = await request('POST', '/tasks/test.echo', { args: { text: 'deployed' } });
  const ticked = await request('POST', '/clocks/test.yearly/run');
  for (const { status, json } of [called, ticked]) assert.equal(status, 202, JSON.stringify(json));
  const ended = async (id: string) => {
    for (;;) {
      const { json } = await request('GET', `/runs/${id}?wait=20`);
      if (!['queued', 'running'].includes(json.status)) return json;
    }
  };
  const run = await ended(called.json.id);
  assert.deepEqual([run.status, run.result], ['succeeded', { text: 'deployed', attempt: 1 }], JSON.stringify(run));
  const tick = await ended(ticked.json.id);
  assert.equal(tick.status, 'succeeded', JSON.stringify(tick));
  return `a run and that of a clock, ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`;
}
