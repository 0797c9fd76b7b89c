import { useSignal } from '@preact/signals';
import { withQuery } from '../../../api/pages.ts';
import { ApiError, baseUrl } from '../../../api/request.ts';
import { download } from '../../../download.ts';
import { Action, notify } from '../../../parts/index.ts';
import { count, counted } from '../../../parts/values/formats.ts';

/** Downloads all contacts, or those of a segment, as a CSV file. */
export function ExportAction({ segment }: { segment?: string | undefined }) {
  const written = useSignal<number | undefined>(undefined);
  const run = async () => {
    written.value = 0;
    try {
      const parts = await readAll(segment, (contacts) => {
        written.value = contacts;
      });
      download(new Blob(parts, { type: 'text/csv' }), 'contacts.csv');
      notify(`${counted(written.value, 'contact')} exported.`);
    } finally {
      written.value = undefined;
    }
  };
  const label = written.value === undefined ? 'Export CSV' : `Exporting, ${count(written.value)}…`;
  return <Action reading label={label} disabled={written.value !== undefined} run={run} />;
}

/** The pages of the export; `onPage` gets the number of lines so far, without the header. */
async function readAll(segment: string | undefined, onPage: (contacts: number) => void): Promise<string[]> {
  const parts: string[] = [];
  let lines = -1;
  let after: string | undefined;
  do {
    const path = withQuery('/contacts/export', { segment_id: segment, after });
    const response = await fetch(baseUrl() + path, { headers: { 'sendoff-console': '1' } });
    const text = await response.text();
    if (!response.ok) throw new ApiError(response.status, 'error', messageIn(text));
    parts.push(text);
    lines += text.split('\r\n').length - 1;
    onPage(Math.max(0, lines));
    after = response.headers.get('sendoff-next') ?? undefined;
  } while (after !== undefined);
  return parts;
}

function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { message: string }).message;
  } catch {
    return 'The export failed.';
  }
}
