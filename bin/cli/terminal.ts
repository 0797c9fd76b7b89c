import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';

/** The input and output of a command; tests have their own. */
export interface Terminal {
  /** The answer of the command, whole lines, to standard output. */
  out(text: string): void;
  /** Progress and advice for a person, to standard error, so that pipes get answers alone. */
  note(text: string): void;
  /** Shows how far a long command is, in one line that is overwritten; nothing where standard error is no terminal. */
  progress(text: string): void;
  /** All of standard input. */
  readInput(): Promise<string>;
  /** Asks a person; only where `interactive`. */
  ask(question: string): Promise<string>;
  /** Aborted by the first Ctrl-C from this call on; the second ends the process at once. */
  interruption(): AbortSignal;
  /** True when a person can be asked. */
  readonly interactive: boolean;
  /** True when standard output shows colours. */
  readonly colour: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const ERASE_LINE = '\r\u001b[K';

/** This process's own terminal. */
export function processTerminal(): Terminal {
  // `sendoff … | head` closes the pipe early: nobody reads the rest, so the process can end.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  let controller: AbortController | undefined;
  const watched = Boolean(process.stderr.isTTY);
  let unfinished = false;
  const endProgress = () => {
    if (unfinished) process.stderr.write(ERASE_LINE);
    unfinished = false;
  };
  return {
    out(line) {
      endProgress();
      process.stdout.write(`${line}\n`);
    },
    note(line) {
      endProgress();
      process.stderr.write(`${line}\n`);
    },
    progress(line) {
      if (!watched) return;
      process.stderr.write(ERASE_LINE + line);
      unfinished = true;
    },
    readInput: () => text(process.stdin),
    async ask(question) {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    interruption() {
      if (!controller) {
        const made = new AbortController();
        controller = made;
        process.once('SIGINT', () => made.abort());
      }
      return controller.signal;
    },
    interactive: Boolean(process.stdin.isTTY && process.stderr.isTTY),
    colour: Boolean(process.stdout.isTTY) && !process.env.NO_COLOR,
    env: process.env,
  };
}
