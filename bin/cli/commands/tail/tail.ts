import { iso } from '../../../../functions/core/iso-time.ts';
import type { LogLine } from '../../../../lib/local/log-file.ts';
import type { Context } from '../../context.ts';
import { cloudWatchLines, type LogQuery } from './cloudwatch.ts';
import { currentName, type LogLevel, levels, readLine, showLine } from './line.ts';
import { localLines } from './local.ts';

/** The options of `sendoff tail`. */
export interface TailOptions {
  /** How far back to begin, in ms. */
  readonly since: number;
  readonly follow: boolean;
  readonly email?: string;
  readonly only?: readonly string[];
  readonly level: LogLevel;
}

/** `tail`: the logs of all functions in one, until Ctrl-C, which is a good end. */
export async function tailLogs(context: Context, options: TailOptions): Promise<void> {
  const { terminal } = context;
  const deployment = await context.deployment();
  const query: LogQuery = {
    sinceMs: context.now() - options.since,
    only: (options.only ?? []).map((name) => currentName(name, deployment)),
    follow: options.follow,
    signal: terminal.interruption(),
    ...(options.email === undefined ? {} : { containing: options.email }),
  };
  const { local } = deployment;
  for await (const line of local ? localLines(local.logFile, query) : cloudWatchLines(deployment, query))
    show(context, line, options.level);
}

function show({ terminal, json }: Context, line: LogLine, least: LogLevel): void {
  const read = readLine(line);
  if (!read || levels.indexOf(read.level) < levels.indexOf(least)) return;
  const { atMs, ...rest } = read;
  terminal.out(json ? JSON.stringify({ at: iso(atMs), ...rest }) : showLine(terminal, read));
}
