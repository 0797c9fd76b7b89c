import type { LogFields, Logger } from '../core/ports/telemetry.ts';

const levels = { info: 0, warn: 1, error: 2 } as const;
type Level = keyof typeof levels;

/** Logs JSON to standard output, one object a line, in the format of Lambda. `LOG_LEVEL` is the lowest level that is written. */
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

/** Errors as plain objects, with their causes. Messages of AWS may hold addresses, so only their names are kept. */
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
