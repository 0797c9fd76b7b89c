import { nowMs } from './clock.ts';
import { bytes, count, counted, duration, fullTime, percent, relative, shortTime } from './formats.ts';

const NONE = <span class="faint">–</span>;

/** A time of the API: relative by default, the full one in the viewer's zone as its title. */
export function When({ iso, absolute = false }: { iso: string | null | undefined; absolute?: boolean }) {
  if (!iso) return NONE;
  return (
    <time dateTime={iso} title={fullTime(iso)} class="number">
      {absolute ? shortTime(iso, nowMs.value) : relative(Date.parse(iso), nowMs.value)}
    </time>
  );
}

/** `12,345 emails`; without a unit the number alone. The unit is given in the singular. */
export function Count({ value, unit }: { value: number | null | undefined; unit?: string }) {
  if (value === null || value === undefined) return NONE;
  return <span class="number">{unit === undefined ? count(value) : counted(value, unit)}</span>;
}

export const Duration = ({ ms }: { ms: number | null | undefined }) =>
  ms === null || ms === undefined ? NONE : <span class="number">{duration(ms)}</span>;

export const Bytes = ({ value }: { value: number | null | undefined }) =>
  value === null || value === undefined ? NONE : <span class="number">{bytes(value)}</span>;

/** A share between 0 and 1; nothing if `of` is 0. */
export const Percent = ({ value, of = 1 }: { value: number | null | undefined; of?: number }) =>
  value === null || value === undefined || of === 0 ? NONE : <span class="number">{percent(value / of)}</span>;
