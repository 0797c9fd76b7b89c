import { withApi } from '../../api.ts';
import { answer, type Context } from '../../context.ts';
import { columns, paint, printable } from '../../layout.ts';
import { shortTime } from './list.ts';
import { listed } from './pages.ts';
import { show, toneOf } from './run-view.ts';
import { waitForEnd } from './wait.ts';

interface ListOptions {
  readonly task?: string;
  readonly status?: string;
  readonly group?: string;
  readonly max: number;
}

/** `tasks runs`: the newest runs. */
export async function listRuns(context: Context, { task, status, group, max }: ListOptions): Promise<void> {
  const { terminal } = context;
  await withApi(context, async (api) => {
    const runs = await listed(api, '/runs', { task, status, group }, max);
    answer(context, runs, () => {
      if (runs.length === 0) return 'No runs.';
      const rows = runs.map((run) => [
        run.id,
        run.task,
        paint(terminal, toneOf(run.status), run.status),
        run.attempts,
        shortTime(run.created_at),
        printable(run.error ? `${run.error.code}: ${run.error.message}`.slice(0, 100) : ''),
      ]);
      return columns(terminal, ['RUN', 'TASK', 'STATUS', 'ATTEMPTS', 'CREATED', 'ERROR'], rows);
    });
  });
}

/** `tasks show ID`: a run as it is, or as soon as it has ended. */
export async function showRun(context: Context, id: string, { wait }: { readonly wait?: boolean }): Promise<void> {
  await withApi(context, async (api) => {
    if (wait) await waitForEnd(context, api, id);
    else show(context, await api.ask('GET', pathOf(id)));
  });
}

/** `tasks cancel ID`. */
export async function cancelRun(context: Context, id: string): Promise<void> {
  await withApi(context, async (api) => {
    await api.ask('POST', `${pathOf(id)}/cancel`);
    show(context, await api.ask('GET', pathOf(id)));
  });
}

const pathOf = (id: string): string => `/runs/${encodeURIComponent(id)}`;
