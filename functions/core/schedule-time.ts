import { limits } from './email-schema.ts';
import { invalid } from './errors.ts';

const DAY_MS = 86_400_000;
/** A date this little in the past means now: clocks differ and requests take time. */
const PAST_TOLERANCE_MS = 60_000;
/** RFC 3339, seconds optional; the zone is required, for a local time would mean the server's. */
const ISO_WITH_ZONE = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})$/i;
const LOOKS_ISO = /^\d{4}-\d{2}-\d{2}/;

/**
 * Reads `scheduled_at`: ISO 8601 with a zone, or plain English read in UTC (`in 1 min`, `tomorrow at 9am`).
 * Answers epoch ms, at most 30 days ahead; throws a 422 for anything else.
 */
export async function parseScheduledAt(text: string, nowMs: number): Promise<number> {
  const atMs = ISO_WITH_ZONE.test(text.trim()) ? Date.parse(text.trim()) : await parseEnglish(text, nowMs);
  if (Number.isNaN(atMs)) {
    throw invalid(
      'Invalid `scheduled_at` field: it must be ISO 8601 with a time zone, such as `2026-08-05T11:52:01Z`, or plain English, such as `in 1 hour`.',
    );
  }
  if (atMs < nowMs - PAST_TOLERANCE_MS) throw invalid('Invalid `scheduled_at` field: it is in the past.');
  if (atMs > nowMs + limits.scheduleDays * DAY_MS)
    throw invalid(`Invalid \`scheduled_at\` field: it is more than ${limits.scheduleDays} days ahead.`);
  return atMs;
}

/** Loaded only when needed: chrono is larger than all the rest of this function's code. */
async function parseEnglish(text: string, nowMs: number): Promise<number> {
  if (LOOKS_ISO.test(text.trim())) return Number.NaN;
  const { parseDate } = await import('chrono-node/en');
  return parseDate(text, { instant: new Date(nowMs), timezone: 'UTC' }, { forwardDate: true })?.getTime() ?? Number.NaN;
}
