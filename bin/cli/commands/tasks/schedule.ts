import { type Json, withApi } from '../../api.ts';
import { answer, type Context } from '../../context.ts';
import { columns } from '../../layout.ts';
import { scheduleOf, shortTime } from './list.ts';
import { listed } from './pages.ts';

/** `tasks schedule list`: the clocks. */
export async function listClocks(context: Context): Promise<void> {
  await withApi(context, async (api) => {
    const clocks = await listed(api, '/clocks');
    answer(context, clocks, () => (clocks.length === 0 ? 'No task has a clock.' : table(context, clocks)));
  });
}

/** The commands to a clock; each may be repeated. */
export type ClockMove = 'pause' | 'resume' | 'run';

/** `tasks schedule pause|resume|run TASK`. */
export async function moveClock(context: Context, task: string, move: ClockMove): Promise<void> {
  await withApi(context, async (api) => {
    const answered = await api.ask('POST', `/clocks/${encodeURIComponent(task)}/${move}`);
    answer(context, answered, () => (move === 'run' ? answered.id : table(context, [answered])));
  });
}

function table({ terminal }: Context, clocks: readonly Json[]): string {
  const rows = clocks.map((clock) => [
    clock.task,
    scheduleOf(clock),
    clock.paused ? 'paused' : shortTime(clock.next_run_at),
    shortTime(clock.last_run_at),
    clock.skipped,
  ]);
  return columns(terminal, ['TASK', 'SCHEDULE', 'NEXT', 'LAST', 'SKIPPED'], rows);
}
