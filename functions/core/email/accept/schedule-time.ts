import { invalid } from '../../errors.ts';
import { limits } from '../schema.ts';

const DAY_MS = 86_400_000;
/** A time that passed less than this ago means now: clocks differ and requests take time. */
const PAST_TOLERANCE_MS = 60_000;
/** RFC 3339 with optional seconds. The zone is required: without it the time would be the server's. */
const ISO_WITH_ZONE = /^(\d{4})-(\d{2})-(\d{2})[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})$/i;
const LOOKS_ISO = /^\d{4}-\d{2}-\d{2}/;

/** The differences for a time that is not the `scheduled_at` of an email. */
interface TimeField {
  readonly field?: string;
  /** How long ago a time may be that means now. */
  readonly pastToleranceMs?: number;
}

/**
 * Parses `scheduled_at`: ISO 8601 with a zone, or plain English in UTC (`in 1 min`, `tomorrow at 9am`).
 * Answers epoch ms, at most 30 days ahead; throws a 422 for anything else.
 */
export async function parseScheduledAt(
  text: string,
  nowMs: number,
  { field = 'scheduled_at', pastToleranceMs = PAST_TOLERANCE_MS }: TimeField = {},
): Promise<number> {
  const atMs = ISO_WITH_ZONE.test(text.trim()) ? parseIso(text.trim()) : await parseEnglish(text.trim(), nowMs);
  if (Number.isNaN(atMs)) {
    throw invalid(
      `Invalid \`${field}\` field: it must be ISO 8601 with a time zone, such as \`2026-08-05T11:52:01Z\`, or plain English, such as \`in 1 hour\`.`,
    );
  }
  if (atMs < nowMs - pastToleranceMs) throw invalid(`Invalid \`${field}\` field: it is in the past.`);
  if (atMs > nowMs + limits.scheduleDays * DAY_MS)
    throw invalid(`Invalid \`${field}\` field: it is more than ${limits.scheduleDays} days ahead.`);
  return atMs;
}

/** Date.parse reads November 31st as December 1st; here it is no date. */
function parseIso(text: string): number {
  const [, year, month, day] = (ISO_WITH_ZONE.exec(text) ?? []).map(Number);
  const date = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day));
  return date.getUTCDate() === day ? Date.parse(text) : Number.NaN;
}

/**
 * The whole text must be understood: chrono reads `in an hour and a half` as one hour, which would be too soon.
 * chrono is loaded only when needed: it is larger than the rest of the function.
 */
async function parseEnglish(text: string, nowMs: number): Promise<number> {
  if (LOOKS_ISO.test(text)) return Number.NaN;
  const { parse } = await import('chrono-node/en');
  const [found, ...others] = parse(text, { instant: new Date(nowMs), timezone: 'UTC' }, { forwardDate: true });
  if (!found || others.length > 0) return Number.NaN;
  const rest = text.slice(0, found.index) + text.slice(found.index + found.text.length);
  return /^\s*(?:on|at|by)?\s*[.!]?\s*$/i.test(rest) ? found.date().getTime() : Number.NaN;
}
