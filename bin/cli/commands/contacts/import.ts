import { setTimeout as wait } from 'node:timers/promises';
import {
  type ImportCounts,
  type ImportError,
  keyedImportId,
  valueTypes,
} from '../../../../functions/core/audience/import/import.ts';
import { isKeyFree } from '../../../../functions/core/email/accept/idempotency.ts';
import { newId, sha256 } from '../../../../functions/core/ids.ts';
import { type Api, type Json, withApi } from '../../api.ts';
import { answer, type Context } from '../../context.ts';
import { CliError, exitCodes, usageError } from '../../errors.ts';
import { count, duration, fields } from '../../layout.ts';
import { segmentIdOf, segmentsOfApi } from '../../segment.ts';
import { type CutFile, cutFile, type Piece } from './pieces.ts';

export interface ImportFileOptions {
  readonly segment?: readonly string[];
  readonly column?: readonly string[];
  readonly onConflict: 'upsert' | 'skip';
  readonly again?: boolean;
}

const POLL_MS = 500;
const BAR_LENGTH = 24;
/** Wrong lines that are shown. */
const SHOWN_LINES = 20;

/** The pieces that are imported so far, and their counts. */
interface Imported {
  readonly ids: string[];
  readonly counts: { -readonly [Name in keyof ImportCounts]: number };
  /** By line of the whole file. */
  readonly errors: ImportError[];
  /** Pieces that an earlier run of the command had finished. */
  finishedBefore: number;
}

/**
 * `contacts import`: imports a file in pieces that fit a request, one after the other. The idempotency key of a piece is made of the file,
 * its place and the options, so that the same command goes on where an earlier one stopped.
 */
export async function importFile(context: Context, path: string, options: ImportFileOptions): Promise<void> {
  const columnMap = columnMapOf(options.column ?? []);
  const file = await cutFile(path);
  try {
    const imported = await withApi(context, async (api) => {
      const segments: string[] = [];
      for (const name of options.segment ?? []) segments.push(await segmentIdOf(segmentsOfApi(api), name));
      const form = { column_map: columnMap, on_conflict: options.onConflict, segments: segments.map((id) => ({ id })) };
      return importPieces(context, api, file, form, options.again ? newId() : '');
    });
    show(context, file, imported);
  } finally {
    await file.close();
  }
}

type Fields = Readonly<Record<string, unknown>>;

async function importPieces(context: Context, api: Api, file: CutFile, form: Fields, nonce: string): Promise<Imported> {
  const signal = context.terminal.interruption();
  const counts = { total: 0, created: 0, updated: 0, skipped: 0, failed: 0 };
  const imported: Imported = { ids: [], counts, errors: [], finishedBefore: 0 };
  const startedAtMs = context.now();
  // A file without rows is sent, too: its header may be wrong.
  const pieces = file.pieces.length > 0 ? file.pieces : [{ offset: 0, end: 0, line: file.firstLine }];
  for (const piece of pieces) {
    const key = `cli-${sha256(JSON.stringify([file.hash, piece.offset, form, nonce]))}`;
    const begun = await importOf(api, key, context.now());
    let found = begun ?? (await upload(api, file, piece, form, key));
    if (begun?.status === 'completed') imported.finishedBefore++;
    while (!isEnded(found)) {
      context.terminal.progress(progressLine(file, piece, found, imported, context.now() - startedAtMs));
      if (signal.aborted)
        throw new CliError('Stopped. Run the same command again to go on where it stopped.', exitCodes.interrupted);
      await wait(POLL_MS, undefined, { signal }).catch(() => {});
      found = await api.ask('GET', `/contacts/imports/${found.id}`);
    }
    if (found.status === 'failed')
      throw new CliError(`The import ${found.id} failed; see the log of the send function. Run the command again.`);
    add(imported, found, file, piece);
  }
  return imported;
}

const isEnded = ({ status }: Json): boolean => status === 'completed' || status === 'failed';

/** The import that an earlier run began with this key; undefined if there is none. It needs no upload. */
async function importOf(api: Api, key: string, nowMs: number): Promise<Json | undefined> {
  for (let generation = 0; ; generation++) {
    try {
      const found = await api.ask('GET', `/contacts/imports/${keyedImportId(key, generation)}`);
      if (found.status !== 'failed' && !isKeyFree(Date.parse(found.created_at), nowMs)) return found;
    } catch (error) {
      if (error instanceof CliError && error.exitCode === exitCodes.notFound) return undefined;
      throw error;
    }
  }
}

async function upload(api: Api, file: CutFile, piece: Piece, form: Fields, key: string): Promise<Json> {
  const body = new FormData();
  body.append('file', new Blob([new Uint8Array(await file.read(piece))], { type: 'text/csv' }), 'contacts.csv');
  for (const [name, value] of Object.entries(form))
    body.append(name, typeof value === 'string' ? value : JSON.stringify(value));
  const { id } = await api.ask('POST', '/contacts/imports', body, { 'idempotency-key': key });
  return api.ask('GET', `/contacts/imports/${id}`);
}

function add(imported: Imported, found: Json, file: CutFile, piece: Piece): void {
  imported.ids.push(found.id);
  for (const name of Object.keys(imported.counts) as (keyof ImportCounts)[])
    imported.counts[name] += found.counts[name];
  // Lines of a piece are counted from its header on.
  const lineOf = (line: number) => line - file.firstLine + piece.line;
  for (const { line, reason } of found.errors)
    imported.errors.push({
      line: lineOf(line),
      reason: reason.replace(/^Line (\d+)/, (_: string, other: string) => `Line ${lineOf(Number(other))}`),
    });
}

/** One line: a bar, how much of the file is done, the rows, and how long it will take. */
function progressLine(file: CutFile, piece: Piece, found: Json, { counts }: Imported, elapsedMs: number): string {
  const { total, created, updated, skipped, failed } = found.counts;
  const done = created + updated + skipped + failed;
  const share = (piece.offset + (total > 0 ? done / total : 0) * (piece.end - piece.offset)) / file.sizeBytes;
  const bar = '█'.repeat(Math.floor(share * BAR_LENGTH)).padEnd(BAR_LENGTH, '░');
  const left = share > 0.01 ? ` · ${duration((elapsedMs / share) * (1 - share))} left` : '';
  return `${bar} ${Math.floor(100 * share)} % · ${(counts.total + done).toLocaleString('en')} rows${left}`;
}

function show(context: Context, file: CutFile, { ids, counts, errors, finishedBefore }: Imported): void {
  const { terminal, json } = context;
  if (!json) {
    for (const { line, reason } of errors.slice(0, SHOWN_LINES)) terminal.note(`line ${line}: ${reason}`);
    const more = counts.failed + counts.skipped - Math.min(errors.length, SHOWN_LINES);
    if (errors.length > SHOWN_LINES && more > 0) terminal.note(`… and ${count(more, 'row')} more`);
    if (finishedBefore > 0 && finishedBefore === file.pieces.length)
      terminal.note('This file was imported before, with these results. To import it again: --again');
  }
  answer(context, { imports: ids, counts, errors }, () =>
    fields(Object.entries(counts).map(([name, value]) => [name, value.toLocaleString('en')])),
  );
}

/** `email=E-Mail`, `points:number=Points`. */
function columnMapOf(pairs: readonly string[]): Fields {
  const map: Record<string, unknown> = {};
  const properties: Record<string, unknown> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw usageError(`--column takes FIELD=COLUMN, not ${JSON.stringify(pair)}.`);
    const [field = '', type] = pair.slice(0, at).split(':');
    const column = pair.slice(at + 1).trim();
    if (type !== undefined && !valueTypes.some((known) => known === type))
      throw usageError(`The type of a property is ${valueTypes.join(', ')}, not ${type}.`);
    if (['email', 'first_name', 'last_name', 'unsubscribed'].includes(field)) map[field] = column;
    else properties[field] = { column, ...(type === undefined ? {} : { type }) };
  }
  return { ...map, ...(Object.keys(properties).length > 0 ? { properties } : {}) };
}
