import type { Api, Json } from '../../api.ts';
import type { Context } from '../../context.ts';
import { CliError, exitCodes } from '../../errors.ts';
import { isEnded, show } from './run-view.ts';

/** Seconds that a request waits for the end: short where a person watches the progress. */
const WATCHED_SECONDS = 2;
const UNWATCHED_SECONDS = 20;
const BAR_LENGTH = 24;

/**
 * Shows the progress of a run until it has ended or Ctrl-C is pressed; the run goes on then. Throws, with exit code 1, if it has ended
 * without success.
 */
export async function waitForEnd(context: Context, api: Api, id: string): Promise<void> {
  const { terminal } = context;
  const signal = terminal.interruption();
  const seconds = terminal.interactive ? WATCHED_SECONDS : UNWATCHED_SECONDS;
  let run = await api.ask('GET', `/runs/${encodeURIComponent(id)}`);
  while (!isEnded(run)) {
    terminal.progress(progressLine(run));
    if (signal.aborted)
      throw new CliError(
        `Stopped waiting; the run goes on (${run.status}): sendoff tasks show ${id} --wait`,
        exitCodes.interrupted,
      );
    run = await api.ask('GET', `/runs/${encodeURIComponent(id)}?wait=${seconds}`);
  }
  show(context, run);
  if (run.status !== 'succeeded')
    throw new CliError(`The run ended as ${run.status}${run.error ? `: ${run.error.message}` : ''}.`);
}

/** One line: the state, and a bar where the task reports how much there is. */
export function progressLine({ status, attempts, progress }: Json): string {
  const tries = attempts > 1 || (status === 'queued' && attempts > 0) ? ` (attempt ${attempts})` : '';
  if (!progress) return `${status}${tries} …`;
  const { done, total } = progress;
  if (!total) return `${status}${tries} · ${done.toLocaleString('en')}`;
  const share = Math.min(1, done / total);
  const bar = '█'.repeat(Math.floor(share * BAR_LENGTH)).padEnd(BAR_LENGTH, '░');
  return `${bar} ${done.toLocaleString('en')} of ${total.toLocaleString('en')} · ${status}${tries}`;
}
