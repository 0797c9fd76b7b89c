import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatEvent, type LocalEvent } from './cloud/log.ts';

/** One line of the log file; the same as a log event of CloudWatch. */
export interface LogLine {
  readonly atMs: number;
  /** The function's logical id, or `cloud` for what the local cloud itself tells. */
  readonly source: string;
  /** The text that the function wrote, or the event as text. */
  readonly message: string;
}

export interface LogFile {
  write(event: LocalEvent): void;
  close(): Promise<void>;
}

/** Writes the log as JSON lines for `sendoff tail --local` to follow; begins anew. */
export function openLogFile(file: string): LogFile {
  mkdirSync(dirname(file), { recursive: true });
  // An existing file would keep its mode.
  rmSync(file, { force: true });
  const stream = createWriteStream(file, { flags: 'w', mode: 0o600 });
  return {
    write: (event) => void stream.write(`${JSON.stringify(lineOf(event, Date.now()))}\n`),
    close: () =>
      new Promise((resolve) => {
        stream.end(() => resolve());
      }),
  };
}

/** An event of the local cloud as a line of its log file. */
export function lineOf(event: LocalEvent, atMs: number): LogLine {
  const source = 'functionName' in event ? event.functionName : 'cloud';
  const message = event.kind === 'output' ? event.line : formatEvent(event).replace(`[${source}] `, '');
  return { atMs, source, message };
}
