/** A time (epoch ms) in ISO 8601, as the API and webhooks show it. */
export const iso = (atMs: number): string => new Date(atMs).toISOString();

/** The epoch ms of an ISO 8601 date or time; NaN if the text is none. */
export const parseIso = (text: string): number =>
  /^\d{4}-\d\d-\d\d(?:T.*)?$/.test(text) ? Date.parse(text) : Number.NaN;

/** A time in ISO 8601; null if there is none. */
export const isoOrNull = (atMs: number | undefined): string | null => (atMs === undefined ? null : iso(atMs));
