import { type Json, withApi } from '../../api.ts';
import { answer, type Context } from '../../context.ts';
import { columns } from '../../layout.ts';
import { listed } from './pages.ts';

/** `tasks list`: the tasks of the deployment. */
export async function listTasks(context: Context): Promise<void> {
  await withApi(context, async (api) => {
    const tasks = await listed(api, '/tasks');
    answer(context, tasks, () =>
      columns(
        context.terminal,
        ['TASK', 'PRIORITY', 'TIME-OUT', 'ATTEMPTS', 'RATE', 'AT ONCE', 'SCHEDULE', 'NEXT'],
        tasks.map((task) => [
          task.name,
          task.priority,
          `${task.timeout_seconds} s`,
          task.retry.attempts,
          rateOf(task.rate_limit),
          task.concurrency ?? '',
          task.schedule ? scheduleOf(task.schedule) : '',
          shortTime(task.next_run_at),
        ]),
      ),
    );
  });
}

/** `20 a second`. */
function rateOf(limit: Json): string {
  for (const unit of ['second', 'minute', 'hour'])
    if (limit?.[`per_${unit}`] !== undefined) return `${limit[`per_${unit}`]} a ${unit}`;
  return '';
}

/** A cron expression with its zone, or `every 300 s`. */
export const scheduleOf = ({ expression, time_zone, every_seconds }: Json): string =>
  expression == null ? `every ${every_seconds} s` : `${expression} (${time_zone ?? 'UTC'})`;

/** A time of the API's as people read it, to the second. */
export const shortTime = (time: string | null | undefined): string =>
  time ? `${time.slice(0, 19).replace('T', ' ')}Z` : '';
