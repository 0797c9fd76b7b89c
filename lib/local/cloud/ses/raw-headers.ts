import { invalidParameter } from './api/ses-error.ts';

/** One header of a raw message, unfolded, as submitted (encoded words stay encoded). */
export type RawHeader = { name: string; value: string };

/** RFC 5322 §2.1.1, without the line break. */
const MAX_LINE_CHARACTERS = 998;

/** Headers of which RFC 5322 §3.6 and RFC 2045 allow one; SES refuses a second one by name. */
const singleHeaders = new Set(
  'bcc cc content-transfer-encoding content-type date from in-reply-to message-id mime-version references reply-to return-path sender subject to'.split(
    ' ',
  ),
);

/** Scans the header section alone: the body of a 10 MB message costs no time. */
export function scanHeaders(raw: string): RawHeader[] {
  const headers: RawHeader[] = [];
  for (const line of headerLines(raw)) {
    const last = headers.at(-1);
    if (last && /^[ \t]/.test(line)) last.value += line;
    else headers.push(splitHeader(line));
  }
  return headers.map(({ name, value }) => ({ name, value: value.trim() }));
}

/** Refuses header sections as SES does: over-long lines and repeated single headers. */
export function checkHeaders(headers: RawHeader[], raw: string): void {
  const seen = new Set<string>();
  for (const { name } of headers) {
    const key = name.toLowerCase();
    if (seen.has(key) && singleHeaders.has(key)) throw invalidParameter(`Duplicate header '${name}'.`);
    seen.add(key);
  }
  // AWS's wording is not on record; the limit is documented, and a receiver answers 552 to such a line.
  for (const line of headerLines(raw)) {
    if (line.length > MAX_LINE_CHARACTERS) throw invalidParameter('Header line too long.');
  }
}

/** The first header of that name (any case), or undefined. */
export function headerValue(headers: RawHeader[], name: string): string | undefined {
  const key = name.toLowerCase();
  return headers.find((header) => header.name.toLowerCase() === key)?.value;
}

function* headerLines(raw: string): Generator<string> {
  let start = 0;
  while (start < raw.length) {
    const newline = raw.indexOf('\n', start);
    const end = newline === -1 ? raw.length : newline;
    const line = raw.slice(start, raw[end - 1] === '\r' && end > start ? end - 1 : end);
    if (line === '') return;
    yield line;
    start = end + 1;
  }
}

function splitHeader(line: string): RawHeader {
  const colon = line.indexOf(':');
  const name = colon === -1 ? line : line.slice(0, colon);
  if (name.trim() === '') throw invalidParameter('Empty header names are illegal.');
  // RFC 5322 §3.6.8: printable ASCII without the colon; a blank before the colon is the obsolete form, and refused.
  if (colon === -1 || !/^[!-9;-~]+$/.test(name)) throw invalidParameter(`Illegal header '${name}'.`);
  return { name, value: line.slice(colon + 1) };
}
