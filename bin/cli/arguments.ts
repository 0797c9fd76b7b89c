import { InvalidArgumentError } from 'commander';

/** An option that may be repeated: its values in a list. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** A whole number of 1 or more. */
export function positive(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return value;
}

/** A number of 0 or more. */
export function atLeastZero(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('It must be a number of 0 or more.');
  return value;
}

/** `HOST:PORT`. */
export function hostAndPort(text: string): { host: string; port: number } {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (!host || !port) throw new InvalidArgumentError('It must be HOST:PORT.');
  return { host, port: Number(port) };
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A span of time such as `90s`, `30m`, `24h` or `7d`, in milliseconds. */
export function milliseconds(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const value = Number(number) * (unitMs[unit] ?? 0);
  if (value === 0) throw new InvalidArgumentError('It must be a number with a unit, such as 90s, 30m, 24h or 7d.');
  return value;
}

/** A point in time: a span before now, such as `2h`, or ISO 8601 with a zone, or a date (in UTC). Answers epoch ms, given now. */
export function timeOrAgo(text: string): (nowMs: number) => number {
  if (/^\d+[a-z]$/.test(text)) {
    const agoMs = milliseconds(text);
    return (nowMs) => nowMs - agoMs;
  }
  const atMs = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new InvalidArgumentError('It must be a span such as 30m, 2h or 7d, or a time such as 2026-11-20T08:00:00Z.');
  return () => atMs;
}
