import { createHash } from 'node:crypto';
import { findById } from '../../document/find-by-id.ts';
import { listPage, type Page, type PageRequest } from '../../document/list.ts';
import { documentPages } from '../../document/pages.ts';
import { checkIdempotencyKey, isKeyFree, keyReused } from '../../email/accept/idempotency.ts';
import { invalid } from '../../errors.ts';
import { isId, sha256 } from '../../ids.ts';
import type { Backend } from '../../ports/backend.ts';
import type { Table } from '../../ports/table.ts';
import { parseWhole } from '../../validate.ts';
import { createMissingProperties, listProperties } from '../properties.ts';
import { getSegments } from '../segments.ts';
import type { TopicChoice } from '../topic.ts';
import { checkTopics } from '../topics.ts';
import { type ColumnMap, columnsOf, storedType } from './columns.ts';
import { readHeader } from './csv.ts';
import { checkFile, countRows, packFile } from './file.ts';
import {
  type ContactImport,
  fileKey,
  IMPORT_PARTITION,
  type ImportStatus,
  importEntry,
  importKey,
  keyedImportId,
} from './import.ts';
import { importContacts } from './task.ts';

export interface ImportDependencies {
  readonly backend: Backend;
  readonly now: () => number;
  readonly newId: () => string;
  /** The time that an import is kept after it was accepted, in ms. */
  readonly retentionMs: number;
}

export interface ImportRequest {
  readonly file: Buffer;
  readonly columnMap: ColumnMap;
  readonly onConflict: ContactImport['onConflict'];
  readonly segments: readonly string[];
  readonly topics: readonly TopicChoice[];
  readonly idempotencyKey?: string | undefined;
}

/**
 * Accepts a file of contacts, of which a worker makes contacts; answers the import's id. An idempotency key belongs to the whole
 * deployment, not to an API key, so that the CLI can go on with a temporary key where another one stopped; it is free again after 24 hours,
 * and when its import has failed.
 *
 * @throws 413 for a file that is too large; 422 for a file without an email column or that is not UTF-8, for a column, segment or topic
 * that does not exist, for a property of another type; 409 for a key that was used with another file or other options.
 */
export async function startImport(request: ImportRequest, dependencies: ImportDependencies): Promise<string> {
  const { file, columnMap, onConflict, segments, topics, idempotencyKey } = request;
  const { backend, now } = dependencies;
  checkIdempotencyKey(idempotencyKey);
  checkFile(file);
  const fingerprint = fingerprintOf(request);
  const nowMs = now();
  for (let generation = 0; ; generation++) {
    const id = idempotencyKey === undefined ? dependencies.newId() : keyedImportId(idempotencyKey, generation);
    const standing = idempotencyKey === undefined ? undefined : await backend.table.get<ContactImport>(importKey(id));
    const answer = standing && answerFor(standing, fingerprint, nowMs);
    if (answer === 'another generation') continue;
    if (answer !== undefined) return answer;
    const header = readHeader(file);
    const columns = columnsOf(header, columnMap, await listProperties(backend.table));
    const fields: ContactImport = {
      id,
      fingerprint,
      status: 'queued',
      counts: { total: countRows(file, header), created: 0, updated: 0, skipped: 0, failed: 0 },
      errors: [],
      columns,
      onConflict,
      segments: await checkSegments(backend.table, segments),
      topics: await checkTopics(backend.table, topics),
      cursor: header.next,
      step: 0,
      planned: -1,
      createdAtMs: nowMs,
    };
    const properties = columns.properties.map(({ key, type }) => ({ key, type: storedType(type) }));
    await createMissingProperties({ table: backend.table, now }, properties);
    const won = await submit(fields, file, dependencies, idempotencyKey !== undefined);
    const answered = won ? answerFor(won, fingerprint, nowMs) : id;
    if (answered !== 'another generation') return answered;
  }
}

/** Stores the import, its file and its job at the same time; answers the import that has its id already. */
async function submit(
  fields: ContactImport,
  file: Buffer,
  { backend, retentionMs }: ImportDependencies,
  repeatable: boolean,
): Promise<ContactImport | undefined> {
  const [outcome] = await backend.submit([
    {
      record: {
        key: importKey(fields.id),
        fields,
        list: importEntry(fields),
        expiresAtMs: fields.createdAtMs + retentionMs,
      },
      body: { key: fileKey(fields), bytes: packFile(file) },
      job: importContacts.call({ id: fields.id, step: 0 }),
      repeatable,
    },
  ]);
  return outcome?.applied ? undefined : (outcome?.document as ContactImport | undefined);
}

/** The id to answer when a key was used before. */
function answerFor({ id, status, createdAtMs, fingerprint }: ContactImport, wanted: string, nowMs: number): string {
  if (status === 'failed' || isKeyFree(createdAtMs, nowMs)) return 'another generation';
  if (fingerprint !== wanted) throw keyReused();
  return id;
}

function fingerprintOf({ file, idempotencyKey: _, ...options }: ImportRequest): string {
  return sha256(`${createHash('sha256').update(file).digest('hex')} ${JSON.stringify(options)}`).slice(0, 32);
}

async function checkSegments(table: Table, ids: readonly string[]): Promise<string[]> {
  const segments = await getSegments(table, ids.filter(isId));
  const unknown = ids.find((id) => !segments.some((segment) => segment?.id === id));
  if (unknown !== undefined)
    throw invalid(`Invalid \`segments\` field: there is no segment ${unknown.slice(0, 100)}.`, 'validation_error');
  return [...new Set(ids)];
}

/** The import with this id; 404 if there is none. */
export const findImport = (table: Table, id: string): Promise<ContactImport> =>
  findById<ContactImport>(table, id, importKey, 'Contact import');

/** A page of the imports, newest first, with this status if one is given. Imports are few: a status is found by reading on. */
export async function listImports(
  table: Table,
  request: PageRequest,
  status: ImportStatus | undefined,
): Promise<Page<ContactImport>> {
  if (status === undefined) return listPage<ContactImport>(table, IMPORT_PARTITION, importKey, request);
  const limit = parseWhole(request.limit ?? '20', 'limit', 1, 100);
  const cursor = request.after ?? request.before;
  const anchor = cursor === undefined ? undefined : await findImport(table, cursor);
  const towardsNewer = request.after === undefined && request.before !== undefined;
  const found: ContactImport[] = [];
  const pages = documentPages<ContactImport>(table, {
    index: 'list',
    partition: IMPORT_PARTITION,
    limit: 100,
    order: towardsNewer ? 'ascending' : 'descending',
    ...(anchor ? { after: importEntry(anchor).sort } : {}),
  });
  for await (const page of pages) {
    found.push(...page.filter((one) => one.status === status));
    if (found.length > limit) break;
  }
  const items = found.slice(0, limit);
  return { items: towardsNewer ? items.reverse() : items, hasMore: found.length > limit };
}
