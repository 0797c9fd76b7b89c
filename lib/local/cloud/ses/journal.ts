import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SesMessage } from './message.ts';

/** Messages on disk, one JSON line each, appended and never rewritten. */
export type Journal = {
  /** The messages of earlier runs, oldest first. */
  readonly kept: SesMessage[];
  /** Resolves when the message is written; messages that arrive meanwhile are written together. */
  append(message: SesMessage): Promise<void>;
  clear(): Promise<void>;
  close(): Promise<void>;
};

/**
 * Opens the journal in `directory`. It holds two files: when the current one has `maxMessages` lines it becomes the
 * previous one and the one before is deleted, so the disk holds between one and two times `maxMessages`.
 */
export async function openJournal(
  directory: string,
  maxMessages: number,
  log: (line: string) => void,
): Promise<Journal> {
  await mkdir(directory, { recursive: true });
  const current = join(directory, 'messages.ndjson');
  const previous = join(directory, 'messages.previous.ndjson');
  const older = await readMessages(previous, log);
  const newer = await readMessages(current, log);
  let file = await openForLines(current);
  let lineCount = newer.length;

  const rotate = async () => {
    await file.close();
    await rename(current, previous);
    file = await open(current, 'a');
    lineCount = 0;
  };
  const write = async (lines: string[]) => {
    await file.appendFile(lines.join(''));
    lineCount += lines.length;
    if (lineCount >= maxMessages) await rotate();
  };
  const queue = createBatchQueue(write);
  return {
    kept: [...older, ...newer].slice(-maxMessages),
    append: (message) => queue.add(`${JSON.stringify(message)}\n`),
    clear: () =>
      queue.run(async () => {
        await file.truncate(0);
        lineCount = 0;
        await rm(previous, { force: true });
      }),
    close: () => queue.run(() => file.close()),
  };
}

async function readMessages(path: string, log: (line: string) => void): Promise<SesMessage[]> {
  const messages: SesMessage[] = [];
  const file = await open(path, 'a+');
  for await (const line of file.readLines()) {
    try {
      if (line !== '') messages.push(JSON.parse(line));
    } catch (cause) {
      // A process that is killed while it writes leaves half a line.
      log(`local SES: a line of ${path} is not a message and is left out: ${cause}`);
    }
  }
  return messages;
}

/** Ends an incomplete last line, so that the next message starts a new one. */
async function openForLines(path: string): Promise<FileHandle> {
  const file = await open(path, 'a+');
  const { size } = await file.stat();
  if (size > 0) {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    if (buffer.toString() !== '\n') await file.appendFile('\n');
  }
  return file;
}

/** Runs one piece of work at a time; lines that come while another is written go out together. */
function createBatchQueue(write: (lines: string[]) => Promise<void>) {
  let tail: Promise<unknown> = Promise.resolve();
  let open: { lines: string[]; written: Promise<void> } | undefined;
  const run = (work: () => Promise<void>): Promise<void> => {
    // Lines that come after this work belong behind it, so they start a batch of their own.
    open = undefined;
    const done = tail.then(work);
    tail = done.catch(() => undefined);
    return done;
  };
  return {
    run,
    add: (line: string): Promise<void> => {
      if (open) {
        open.lines.push(line);
        return open.written;
      }
      const lines = [line];
      const written = run(() => {
        if (open?.lines === lines) open = undefined;
        return write(lines);
      });
      open = { lines, written };
      return written;
    },
  };
}
