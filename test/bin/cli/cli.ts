import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import { runCli } from '../../../bin/cli/run.ts';
import type { Terminal } from '../../../bin/cli/terminal.ts';
import { connectionOf, writeConnection } from '../../../lib/local/connection.ts';
import type { LocalSendoff, LocalSendoffOptions } from '../../../lib/local/start.ts';
import { shortBatching } from '../../helpers/short-batching.ts';
import { shortVisibility } from '../../helpers/short-visibility.ts';
import { startSendoff } from '../../helpers/start-sendoff.ts';

/** The result of a command line. */
export interface Result {
  readonly exitCode: number;
  readonly out: string;
  readonly notes: string;
}

/** The parts of a terminal that a test replaces. */
export interface Situation extends Partial<Omit<Terminal, 'out' | 'note' | 'readInput' | 'ask' | 'interruption'>> {
  readonly input?: string;
  /** The person's answer to a question. */
  readonly reply?: string;
  readonly interrupt?: AbortSignal;
  readonly now?: () => number;
  /** Called with every line of output. */
  readonly onOut?: (line: string) => void;
  readonly onNote?: (line: string) => void;
}

/** Runs a command line in this process, as a script would: not interactive, without colours. */
export async function cli(args: readonly string[], situation: Situation = {}): Promise<Result> {
  const [out, notes]: [string[], string[]] = [[], []];
  const {
    input = '',
    reply = '',
    interrupt = new AbortController().signal,
    onOut,
    onNote,
    progress = () => {},
    now = Date.now,
    ...rest
  } = situation;
  const exitCode = await runCli(
    args,
    {
      interactive: false,
      colour: false,
      env: {},
      ...rest,
      out: (line) => {
        out.push(line);
        onOut?.(line);
      },
      note: (line) => {
        notes.push(line);
        onNote?.(line);
      },
      progress,
      readInput: async () => input,
      ask: async (question) => {
        notes.push(question);
        return reply;
      },
      interruption: () => interrupt,
    },
    now,
  );
  return { exitCode, out: out.join('\n'), notes: notes.join('\n') };
}

/** A local Sendoff and the CLI that speaks to it. */
export interface LocalCli extends LocalSendoff {
  readonly env: Record<string, string>;
  /** The directory of the connection file. */
  readonly directory: string;
  sendoff(args: string, situation?: Situation): Promise<Result>;
}

/** Starts Sendoff before the tests of a file and stops it after them; `sendoff` takes a command line without quoting. */
export function localCli(options: LocalSendoffOptions = {}): LocalCli {
  // A command is several calls through emulators and Lambda processes, beside other tests that have theirs.
  vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
  const started = {} as LocalCli & { -readonly [Name in keyof LocalCli]: LocalCli[Name] };
  beforeAll(async () => {
    // A run waits for a function that has more time left than its task may take: the functions of tasks keep their time-out.
    const overrides = { ...shortBatching, ...(options.config?.tasks ? {} : shortVisibility) };
    const local = await startSendoff({ overrides, ...options });
    const directory = mkdtempSync(join(tmpdir(), 'sendoff-cli-'));
    const env = { SENDOFF_LOCAL_FILE: join(directory, 'local.json') };
    writeConnection(env.SENDOFF_LOCAL_FILE, connectionOf(local, join(directory, 'local.log')));
    const sendoff: LocalCli['sendoff'] = (args, situation = {}) =>
      cli(['--local', ...args.split(' ')], { ...situation, env: { ...env, ...situation.env } });
    Object.assign(started, local, { env, directory, sendoff });
  });
  afterAll(() => started.cloud?.close());
  return started;
}
