import { setTimeout as wait } from 'node:timers/promises';
import { ENDED_STATUSES } from '../../../../functions/core/broadcast/broadcast.ts';
import type { Api, Json } from '../../api.ts';
import { answer, type Context } from '../../context.ts';
import { CliError, exitCodes } from '../../errors.ts';
import { duration, fields } from '../../layout.ts';

const POLL_MS = 1_000;
const BAR_LENGTH = 24;
/** The rate is that of the last so many seconds. */
const RATE_WINDOW_MS = 15_000;

/** Shows the progress of a broadcast until it has ended or Ctrl-C is pressed; the broadcast goes on then. */
export async function watch(context: Context, api: Api, id: string): Promise<void> {
  const { terminal, now } = context;
  const signal = terminal.interruption();
  const seen: { atMs: number; done: number }[] = [];
  for (;;) {
    const broadcast = await api.ask('GET', `/broadcasts/${id}`);
    const done = doneOf(broadcast);
    seen.push({ atMs: now(), done });
    while (seen.length > 2 && (seen[0]?.atMs ?? 0) < now() - RATE_WINDOW_MS) seen.shift();
    if (ENDED_STATUSES.includes(broadcast.status)) return show(context, broadcast);
    if (signal.aborted) {
      terminal.note(goesOn(broadcast));
      throw new CliError('Stopped watching.', exitCodes.interrupted);
    }
    terminal.progress(progressLine(broadcast, rateOf(seen)));
    await wait(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

/** Shows a broadcast as it is now. */
export function show(context: Context, broadcast: Json): void {
  answer(context, broadcast, () => details(broadcast));
}

const doneOf = ({ progress }: Json): number => progress.sent + progress.failed + progress.suppressed + progress.skipped;

/** Recipients a second; undefined before anything has moved. */
function rateOf(seen: readonly { atMs: number; done: number }[]): number | undefined {
  const [first, last] = [seen[0], seen.at(-1)];
  if (!first || !last || last.atMs === first.atMs || last.done === first.done) return undefined;
  return ((last.done - first.done) * 1_000) / (last.atMs - first.atMs);
}

/** One line: a bar, how many of how many, the rate, and how long it will take. */
export function progressLine(broadcast: Json, rate: number | undefined): string {
  const { status, progress } = broadcast;
  const done = doneOf(broadcast);
  const share = progress.total > 0 ? Math.min(1, done / progress.total) : 0;
  const bar = '█'.repeat(Math.floor(share * BAR_LENGTH)).padEnd(BAR_LENGTH, '░');
  const left = progress.total - done;
  const eta = rate ? (left / rate) * 1_000 : progress.etaSeconds === null ? undefined : progress.etaSeconds * 1_000;
  return [
    `${bar} ${number(done)} of ${number(progress.total)}`,
    status === 'queued' ? (rate === undefined ? 'begins' : `${rate.toFixed(rate < 10 ? 1 : 0)} a second`) : status,
    ...(status === 'queued' && eta !== undefined ? [`${duration(eta)} left`] : []),
    ...(progress.bounced > 0 ? [`${number(progress.bounced)} bounced`] : []),
    ...(progress.failed > 0 ? [`${number(progress.failed)} failed`] : []),
  ].join(' · ');
}

const number = (value: number): string => value.toLocaleString('en');

function details(broadcast: Json): string {
  const { progress } = broadcast;
  const counts = [
    'total',
    'sent',
    'delivered',
    'bounced',
    'complained',
    'suppressed',
    'unsubscribed',
    'failed',
    'skipped',
  ];
  return fields([
    ['id', broadcast.id],
    ['name', broadcast.name],
    ['status', broadcast.status + (broadcast.reason ? `: ${broadcast.reason}` : '')],
    ['subject', broadcast.subject],
    ['scheduled', broadcast.scheduled_at ?? undefined],
    ...counts.map((name) => [name, number(progress[name])] as const),
    [
      'left',
      broadcast.status === 'queued' && progress.etaSeconds !== null ? duration(progress.etaSeconds * 1_000) : undefined,
    ],
  ]);
}

function goesOn({ id, status }: Json): string {
  return [
    `The broadcast goes on without this command (${status}).`,
    `  sendoff broadcast status ${id} --watch   watches it again`,
    `  sendoff broadcast pause ${id}            pauses it, resume goes on`,
    `  sendoff broadcast cancel ${id}           stops it: what is sent stays sent`,
  ].join('\n');
}
