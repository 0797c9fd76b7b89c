import type { LogLine } from '../../../../lib/local/log-file.ts';
import type { Deployment } from '../../deployment.ts';
import { paint, printable, type Tone } from '../../layout.ts';
import type { Terminal } from '../../terminal.ts';

export const levels = ['info', 'warn', 'error'] as const;
export type LogLevel = (typeof levels)[number];

/** A log line; its parts are known where it is JSON written by Sendoff or by Lambda. */
export interface ReadLine {
  readonly atMs: number;
  readonly source: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const tones: Readonly<Record<LogLevel, Tone>> = { info: 'plain', warn: 'warning', error: 'bad' };

/** Reads a line; undefined for one that only says that an invocation began, or ended well. */
export function readLine({ atMs, source, message }: LogLine): ReadLine | undefined {
  const text = message.trimEnd();
  const parsed = parse(text);
  const line = { atMs, source: sourceName(source), level: 'info', message: text, fields: {} } as const;
  if (!parsed) return text ? line : undefined;
  const { level, message: said, timestamp: _, _aws: embeddedMetrics, ...fields } = parsed;
  const unsaid = embeddedMetrics === undefined ? '' : 'metrics';
  if (typeof fields.type === 'string' && fields.type.startsWith('platform.')) return platformLine(line, fields);
  return { ...line, level: levelOf(level), message: typeof said === 'string' ? said : unsaid, fields };
}

/** The name of a source by its logical id: `SendoffSendFunctionLogs1A2B3C4D` → `send`, `SendoffHttpAccessLogs…` → `http`. */
export function sourceName(logicalId: string): string {
  return /([A-Z][a-z]+)(?:Function|AccessLogs)/.exec(logicalId)?.[1]?.toLowerCase() ?? logicalId;
}

/** With backend=redis, the names of two functions by those of version 0.1, which the ids of their log groups still have. */
const redisNames: Readonly<Record<string, string>> = { send: 'consumer', schedule: 'watchdog' };

/** The name of a source in this version. */
export function currentName(name: string, { outputs }: Pick<Deployment, 'outputs'>): string {
  return (outputs.RedisNamespace && redisNames[name]) || name;
}

/** The line for a terminal. */
export function showLine(
  terminal: Pick<Terminal, 'colour'>,
  { atMs, source, level, message, fields }: ReadLine,
): string {
  const time = new Date(atMs).toISOString().slice(11, 23);
  const more = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const text = [message, ...more].filter(Boolean).join('  ');
  return `${paint(terminal, 'faint', time)}  ${source.padEnd(8)}  ${paint(terminal, tones[level], level.padEnd(5))}  ${printable(text)}`;
}

/** Reads one of Lambda's own events; undefined unless it says that an invocation did not end well. */
function platformLine(line: ReadLine, { type, record }: Record<string, unknown>): ReadLine | undefined {
  const status = typeof record === 'object' && record !== null && 'status' in record ? record.status : undefined;
  if (type !== 'platform.report' || typeof status !== 'string' || status === 'success') return undefined;
  return { ...line, level: 'error', message: `the invocation ended with: ${status}`, fields: { record } };
}

function levelOf(level: unknown): LogLevel {
  const text = String(level).toLowerCase();
  if (text === 'fatal') return 'error';
  return levels.find((known) => known === text) ?? 'info';
}

function parse(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A line that only looks like JSON is shown as it is.
    return undefined;
  }
}
