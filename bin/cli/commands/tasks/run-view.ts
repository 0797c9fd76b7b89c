import type { Json } from '../../api.ts';
import { answer, type Context } from '../../context.ts';
import { columns, fields, paint, printable, type Tone } from '../../layout.ts';
import { shortTime } from './list.ts';

const SHOWN_CHARACTERS = 2_000;

/** True if nothing happens to the run any more. */
export const isEnded = ({ status }: Json): boolean => status !== 'queued' && status !== 'running';

/** The colour of a run's status. */
export function toneOf(status: string): Tone {
  if (status === 'succeeded') return 'good';
  return status === 'failed' ? 'bad' : ['canceled', 'expired'].includes(status) ? 'warning' : 'plain';
}

/** Shows a run. */
export function show(context: Context, run: Json): void {
  answer(context, run, () => screen(context, run));
}

function screen({ terminal }: Context, run: Json): string {
  const { id, task, status, attempts, progress, args, result, error, steps, events } = run;
  const head = fields([
    ['Run', id],
    ['Task', task],
    ['Status', paint(terminal, toneOf(status), status)],
    ['Attempts', attempts],
    ['Progress', progress ? `${progress.done}${progress.total ? ` of ${progress.total}` : ''}` : undefined],
    ['Created', shortTime(run.created_at)],
    ['Due', isEnded(run) ? undefined : shortTime(run.due_at)],
    ['Finished', shortTime(run.finished_at)],
    ['Args', json(args)],
    ['Result', json(result)],
    ['Error', error ? printable(`${error.code}: ${error.message}`) : undefined],
    ['Steps', steps.map(({ name }: Json) => printable(name)).join(', ')],
  ]);
  const rows = events.map(({ at, type, attempt, reason }: Json) => [
    shortTime(at),
    type,
    attempt ?? '',
    printable(reason ?? ''),
  ]);
  const stack = error?.stack ? `\n\n${error.stack.split('\n').map(printable).join('\n')}` : '';
  return `${head}\n\n${columns(terminal, ['TIME', 'EVENT', 'ATTEMPT', 'REASON'], rows)}${stack}`;
}

function json(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  const text = printable(JSON.stringify(value));
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}… (--json shows all)`;
}
