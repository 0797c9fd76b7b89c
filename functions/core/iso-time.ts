/** A time (epoch ms) in ISO 8601, as the API and webhooks show it. */
export const iso = (atMs: number): string => new Date(atMs).toISOString();

/** A time in ISO 8601; null if there is none. */
export const isoOrNull = (atMs: number | undefined): string | null => (atMs === undefined ? null : iso(atMs));
