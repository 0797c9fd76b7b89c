/** A time of the API as the value of a `datetime-local` field, in the viewer's zone. */
export function toLocal(iso: string | undefined): string {
  const atMs = Date.parse(iso ?? '');
  if (Number.isNaN(atMs)) return '';
  return new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The reverse; undefined for an empty field, as a half-typed one is. */
export function fromLocal(local: string): string | undefined {
  const atMs = Date.parse(local);
  return Number.isNaN(atMs) ? undefined : new Date(atMs).toISOString();
}
