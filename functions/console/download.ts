/** The browser has begun to save a file by then. */
const KEPT_MS = 60_000;

/** Saves a file where the viewer's browser saves files. */
export function download(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
