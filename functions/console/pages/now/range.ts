import type { Granularity } from '../../../core/ports/series.ts';

/** The time that the charts cover. */
export interface Range {
  readonly id: string;
  readonly text: string;
  readonly granularity: Granularity;
  /** The period in words: `emails per minute`. */
  readonly period: string;
  readonly periodMs: number;
  readonly lengthMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const RANGES: readonly [Range, ...Range[]] = [
  { id: '1h', text: '1 hour', granularity: 'minute', period: 'minute', periodMs: MINUTE, lengthMs: HOUR },
  {
    id: '6h',
    text: '6 hours',
    granularity: 'five_minutes',
    period: '5 minutes',
    periodMs: 5 * MINUTE,
    lengthMs: 6 * HOUR,
  },
  {
    id: '24h',
    text: '24 hours',
    granularity: 'five_minutes',
    period: '5 minutes',
    periodMs: 5 * MINUTE,
    lengthMs: DAY,
  },
  { id: '7d', text: '7 days', granularity: 'hourly', period: 'hour', periodMs: HOUR, lengthMs: 7 * DAY },
  { id: '30d', text: '30 days', granularity: 'daily', period: 'day', periodMs: DAY, lengthMs: 30 * DAY },
];

/** The range of the route; an hour by default. */
export const rangeOf = (id: string | undefined): Range => RANGES.find((range) => range.id === id) ?? RANGES[0];

/** The path of the range's numbers. It changes only with the period, so that answers between can be 304. */
export function metricsPath({ granularity, periodMs, lengthMs }: Range, nowMs: number): string {
  const from = Math.floor(nowMs / periodMs) * periodMs - lengthMs + periodMs;
  const query = new URLSearchParams({ dimensions: 'period', granularity, start_date: new Date(from).toISOString() });
  return `/emails/metrics?${query}`;
}
