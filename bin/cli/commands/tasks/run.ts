import { newId } from '../../../../functions/core/ids.ts';
import { withApi } from '../../api.ts';
import { answer, type Context } from '../../context.ts';
import { usageError } from '../../errors.ts';
import { waitForEnd } from './wait.ts';

/** The options of `sendoff tasks run`. */
export interface RunOptions {
  readonly args?: string;
  readonly in?: string;
  readonly at?: string;
  readonly expires?: string;
  readonly priority?: string;
  readonly idempotencyKey?: string;
  readonly wait?: boolean;
}

/** `tasks run NAME`: makes a run through the API; with `wait` shows it when it has ended. */
export async function runTask(context: Context, name: string, options: RunOptions): Promise<void> {
  const args = await argsOf(context, options.args);
  const { in: delay, at, expires, priority, idempotencyKey } = options;
  await withApi(context, async (api) => {
    const path = `/tasks/${encodeURIComponent(name)}`;
    if (options.wait && !(await api.ask('GET', path)).keep)
      throw usageError(`Nothing is kept of the runs of ${name} (keep: false): there is nothing to wait for.`);
    const request = {
      // A request that is repeated because its answer was lost makes one run.
      ...(idempotencyKey === undefined ? { id: newId() } : { idempotency_key: idempotencyKey }),
      ...(args === undefined ? {} : { args }),
      ...(delay === undefined ? {} : { in: delay }),
      ...(at === undefined ? {} : { at }),
      ...(expires === undefined ? {} : { expires }),
      ...(priority === undefined ? {} : { priority }),
    };
    const { id } = await api.ask('POST', path, request);
    if (options.wait) await waitForEnd(context, api, id);
    else answer(context, { object: 'run', id }, () => id);
  });
}

async function argsOf({ terminal }: Context, text: string | undefined): Promise<unknown> {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text === '-' ? await terminal.readInput() : text);
  } catch {
    throw usageError('--args must be JSON, such as \'{"userId":"u1"}\'.');
  }
}
