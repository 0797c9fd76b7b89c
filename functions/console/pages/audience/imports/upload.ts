import { api } from '../../../api/request.ts';
import type { Property } from '../answers.ts';
import { piecesOf } from './csv.ts';

/** The most that one request takes: 4 MB of file, with the form around it, and 100,000 rows. */
const PIECE = { bytes: 4 * 1024 * 1024 - 1024, rows: 100_000 };

interface UploadOptions {
  readonly columns: readonly string[];
  /** The target of each column, as the mapping has it. */
  readonly targets: readonly string[];
  readonly properties: readonly Property[];
  readonly onConflict: string;
  /** The segment; empty: none. */
  readonly segment: string;
  /** The share of the file that is uploaded, 0 to 1. */
  readonly onPiece: (share: number) => void;
}

/** Uploads a file, in pieces if it is larger than a request; answers the ids of the imports. */
export async function upload(file: File, options: UploadOptions): Promise<string[]> {
  const content = new Uint8Array(await file.arrayBuffer());
  const { header, pieces } = piecesOf(content, PIECE);
  const ids: string[] = [];
  for (const { from, to } of pieces.length > 0 ? pieces : [{ from: header, to: header }]) {
    const form = new FormData();
    const piece = [content.subarray(0, header), content.subarray(from, to)];
    form.set('file', new Blob(piece, { type: 'text/csv' }), 'contacts.csv');
    form.set('column_map', JSON.stringify(columnMap(options)));
    form.set('on_conflict', options.onConflict);
    if (options.segment !== '') form.set('segments', JSON.stringify([{ id: options.segment }]));
    ids.push((await api<{ id: string }>('POST', '/contacts/imports', form)).id);
    options.onPiece(to / content.length);
  }
  return ids;
}

/** The `column_map` of the API. */
export function columnMap({ columns, targets, properties }: Pick<UploadOptions, 'columns' | 'targets' | 'properties'>) {
  const fields: Record<string, string> = {};
  const mapped: Record<string, { column: string; type?: string }> = {};
  for (const [index, target] of targets.entries()) {
    const column = columns[index] ?? '';
    const [kind = '', key] = target.split(':');
    if (target === '') continue;
    if (key === undefined) fields[kind] = column;
    else mapped[key] = { column, type: properties.find((property) => property.key === key)?.type ?? kind };
  }
  return { ...fields, properties: mapped };
}
