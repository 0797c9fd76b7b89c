import type { BroadcastState } from './broadcast-calls.ts';
import type { Census } from './census.ts';
import { whole, write } from './write.ts';

/** A line of the terminal that shows how far a broadcast is; where there is no terminal, a line every few seconds. */
export interface ProgressLine {
  draw(state: BroadcastState, census: Census, recipients: number): void;
  /** Writes a text above the line. */
  say(text: string): void;
  end(): void;
}

const BAR = 30;
const LINE_EVERY_MS = 5_000;
const CLEAR = '\r\x1b[2K';

/** Makes a line that is not drawn yet. */
export function createProgressLine(): ProgressLine {
  const { isTTY } = process.stdout;
  let [line, writtenAtMs] = ['', 0];
  const show = () => {
    if (isTTY) return void process.stdout.write(`${CLEAR}${line}`);
    if (Date.now() - writtenAtMs < LINE_EVERY_MS) return;
    writtenAtMs = Date.now();
    write(line);
  };
  return {
    draw: ({ status, progress }, census, recipients) => {
      const filled = Math.min(BAR, Math.floor((BAR * progress.sent) / recipients));
      const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`;
      const rate = census.perSecond();
      // Not `etaSeconds`, which tells the rate that SES allows: the local SES has no limit here.
      const left = status === 'queued' && rate > 0 ? `, ${whole((recipients - progress.sent) / rate)} s left` : '';
      line = `  ${bar} ${whole(progress.sent)} of ${whole(recipients)} (${status}), ${rate.toFixed(0)}/s${left}; SES took ${whole(census.taken)}`;
      show();
    },
    say: (text) => {
      write(`${isTTY ? CLEAR : ''}  ${text}`);
      if (isTTY) show();
    },
    end: () => {
      if (!isTTY && line) write(line);
      write();
    },
  };
}
