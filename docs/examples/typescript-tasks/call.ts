/** Calls the tasks by HTTP and waits for the results: SENDOFF_URL=… SENDOFF_API_KEY=… node call.ts */
import { confirmOrder, countCustomers } from './tasks.ts';

const { SENDOFF_URL, SENDOFF_API_KEY } = process.env;

/** The end of a run; each request waits for it for 20 s at most. */
async function ended(id: string): Promise<{ status: string; result: unknown; error: unknown }> {
  for (;;) {
    const response = await fetch(`${SENDOFF_URL}/runs/${id}?wait=20`, {
      headers: { authorization: `Bearer ${SENDOFF_API_KEY}` },
    });
    if (!response.ok) throw new Error(`GET /runs/${id} answered ${response.status}: ${await response.text()}`);
    const run = (await response.json()) as { status: string; result: unknown; error: unknown };
    if (run.status !== 'queued' && run.status !== 'running') return run;
  }
}

const calls = {
  // The same key within a day is the same run.
  confirmed: await confirmOrder.delay({ order: 'A-1' }, { idempotencyKey: 'confirm-A-1' }),
  refused: await confirmOrder.delay({ order: 'A-2' }),
  counted: await countCustomers.delay({ after: 0, done: 0 }, { priority: 'bulk' }),
};
for (const [name, { id }] of Object.entries(calls)) {
  const { status, result, error } = await ended(id);
  console.log(JSON.stringify({ name, status, result, error }));
}
