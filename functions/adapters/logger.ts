import type { LogFields, Logger } from '../core/ports/telemetry.ts';

const levels = { info: 0, warn: 1, error: 2 } as const;
type Level = keyof typeof levels;

/** Structured logs, one JSON object a line, to standard output: CloudWatch's Lambda format. `LOG_LEVEL` is the least level written. */
export function createLogger(
  least: string = process.env.LOG_LEVEL ?? 'info',
  write = (line: string) => void process.stdout.write(line),
): Logger {
  const threshold = levels[least as Level] ?? levels.info;
  const at =
    (level: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (levels[level] < threshold) return;
      write(`${JSON.stringify({ level, message, ...fields }, plainErrors)}\n`);
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

/** Errors have no enumerable fields; their causes matter most. Messages of AWS may hold addresses: only names of those are kept. */
function plainErrors(_name: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const fromAws = '$metadata' in value;
  return {
    name: value.name,
    ...(fromAws ? { aws: value.$metadata } : { message: value.message }),
    ...('code' in value ? { code: value.code } : {}),
    stack: fromAws ? undefined : value.stack,
    cause: value.cause,
  };
}
