const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** 12,345 */
export const count = (value: number): string => number.format(value);

/** 12.3K: for axes and narrow places. */
export const shortCount = (value: number): string => short.format(value);

/** `1 email`, `2 emails`. */
export const counted = (value: number, unit: string): string => `${count(value)} ${value === 1 ? unit : plural(unit)}`;

const plural = (unit: string) =>
  /(s|x|ch|sh)$/.test(unit) ? `${unit}es` : unit.replace(/([^aeiou])y$/, '$1ie').concat('s');

/** 0.0123 → `1.2 %`; a share that is not zero never becomes `0 %`. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return `${value < 0.01 ? '< 0.01' : value.toFixed(2)} %`;
  return `${number.format(value)} %`;
}

const KIB = 1024;
const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** 2048 → `2 KiB` */
export function bytes(value: number): string {
  const step = value < 1 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log(value) / Math.log(KIB)));
  return `${number.format(value / KIB ** step)} ${SIZES[step]}`;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `85 ms`, `1.2 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h` */
export function duration(ms: number): string {
  if (ms < SECOND) return `${ms < 10 ? number.format(ms) : Math.round(ms)} ms`;
  if (ms < MINUTE) return `${number.format(ms / SECOND)} s`;
  if (ms < HOUR) return twoUnits(ms, MINUTE, 'min', SECOND, 's');
  if (ms < DAY) return twoUnits(ms, HOUR, 'h', MINUTE, 'min');
  return twoUnits(ms, DAY, 'd', HOUR, 'h');
}

function twoUnits(ms: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const smalls = Math.round(ms / small);
  const perBig = big / small;
  const rest = smalls % perBig;
  return `${count(Math.floor(smalls / perBig))} ${bigUnit}${rest > 0 ? ` ${rest} ${smallUnit}` : ''}`;
}

/** `5 s ago`, `in 3 min`, `just now`: one unit, for lists. */
export function relative(atMs: number, nowMs: number): string {
  const away = Math.abs(nowMs - atMs);
  if (away < 5 * SECOND) return 'just now';
  const [size, unit] =
    away < MINUTE ? [SECOND, 's'] : away < HOUR ? [MINUTE, 'min'] : away < DAY ? [HOUR, 'h'] : [DAY, 'd'];
  const amount = `${Math.floor(away / (size as number))} ${unit}`;
  return atMs > nowMs ? `in ${amount}` : `${amount} ago`;
}

/** In the viewer's zone: `22 Nov 2026, 10:31:05 GMT+1`. */
export const fullTime = (at: Date | number | string): string =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' }).format(new Date(at));

/** In the viewer's zone: `10:31`, with the date if it is another day than `nowMs`. */
export function shortTime(at: Date | number | string, nowMs: number): string {
  const date = new Date(at);
  const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' }).format(date);
  if (date.toDateString() === new Date(nowMs).toDateString()) return time;
  return `${new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }).format(date)}, ${time}`;
}
