import { normalizeAddress } from '../../email/address.ts';
import { SendoffError, unavailable } from '../../errors.ts';
import type { Backend } from '../../ports/backend.ts';
import type { OutgoingJob } from '../../ports/broker.ts';
import type { Table } from '../../ports/table.ts';
import type { Run } from '../../task/task.ts';
import type { Publish } from '../../webhook/dispatch.ts';
import { contactId, contactKey, type NewContact } from '../contact.ts';
import { upsertContacts } from '../contacts.ts';
import { addMembers, type MemberWrites } from '../membership.ts';
import { recountMembers } from '../recount.ts';
import { getSegments } from '../segments.ts';
import { addressOf, contactOf } from './columns.ts';
import { type CsvPosition, csvRows } from './csv.ts';
import { unpackFile } from './file.ts';
import {
  type ContactImport,
  fileKey,
  type ImportCounts,
  type ImportError,
  importKey,
  importLimits,
  isEnded,
} from './import.ts';

export interface ImportTaskDependencies extends Pick<Backend, 'bodies' | 'broker' | 'updateAndSend'>, MemberWrites {
  readonly publish: Publish;
}

/** Rows of a batch, whose counts are written together. */
const BATCH_ROWS = 1_000;
/** Batches of a job, which share one reading of the file. */
const BATCHES = 5;
/** No further batch begins after this time, in ms: emails of the same delivery wait for the job to end. */
const WORK_MS = 5_000;
/** The import and its file are written beside the job; a job without them is tried so often. */
const RECORD_ATTEMPTS = 5;
const FILE_ATTEMPTS = 10;

/**
 * Imports rows from the cursor on, and queues a job for those that are left. Killed anywhere, it may be repeated: the contacts and
 * members of a batch are written so that a repetition changes nothing, and the update that moves the cursor adds its counts. Two
 * runs at the same time do the same batch, and one of them ends when the other has moved the cursor.
 */
export async function runImport(
  id: string,
  run: Run,
  dependencies: ImportTaskDependencies,
  jobOf: (step: number) => OutgoingJob,
): Promise<void> {
  const { table, bodies, updateAndSend } = dependencies;
  const found = await table.get<ContactImport>(importKey(id));
  if (!found && run.job.attempt < RECORD_ATTEMPTS) throw unavailable('The import is not stored yet');
  if (!found) return;
  // The run that ended it may have died before it cleaned up.
  if (isEnded(found)) return cleanUp(found, run, dependencies);
  const packed = await bodies.get(fileKey(found));
  if (!packed) throw missingFile(run.job.attempt);
  const file = unpackFile(packed);
  const seen = takeKept(found) ?? addressesBefore(found, file);
  const untilMs = Math.min(run.now() + WORK_MS, (run.now() + run.stopsAtMs) / 2);
  let standing = found;
  for (let batches = 1; ; batches++) {
    const batch = nextBatch(standing, file, seen);
    const { counts, repeated } = await importBatch(standing, batch, run, dependencies);
    const set = { ...progress(standing, batch, counts, run.now()), ...(repeated ? { repeated } : {}) };
    const change = { set };
    const condition = [{ status: { in: ['queued', 'in_progress'] }, step: standing.step }];
    const job = batch.ended || (batches < BATCHES && run.now() < untilMs) ? undefined : jobOf(standing.step + 1);
    const { applied, document } = job
      ? await updateAndSend<ContactImport>(importKey(id), change, condition, job)
      : await table.update<ContactImport>(importKey(id), change, condition);
    if (applied && document && batch.ended) await cleanUp(document, run, dependencies);
    if (applied && job) kept = { id, step: standing.step + 1, seen };
    if (!applied || !document || batch.ended || job) return;
    standing = document;
  }
}

/** Marks the import as failed; the rows that were imported stay. */
export async function failImport(id: string, run: Run, dependencies: ImportTaskDependencies): Promise<void> {
  // Its last batch may have written members.
  const set = { status: 'failed', completedAtMs: run.now(), repeated: true };
  const { document } = await dependencies.table.update<ContactImport>(importKey(id), { set }, [
    { status: { in: ['queued', 'in_progress'] } },
  ]);
  if (document) await cleanUp(document, run, dependencies);
}

/** Index queries lag, and the next piece of a long file changes the segment meanwhile. */
const RECOUNT_DELAY_SECONDS = 600;

/**
 * Deletes the file of an import that has ended. If one of its batches was repeated, its segments are counted again: that reads all their
 * members, which is too much for every import.
 */
async function cleanUp(ended: ContactImport, { now }: Run, { bodies, broker }: ImportTaskDependencies): Promise<void> {
  if (ended.repeated && ended.segments.length > 0) {
    const options = { delaySeconds: RECOUNT_DELAY_SECONDS, now };
    await broker.send(ended.segments.map((id) => recountMembers.call({ id }, options)));
  }
  await bodies.delete(fileKey(ended));
}

/** Rows that are imported together. */
interface Batch {
  readonly contacts: readonly NewContact[];
  readonly rows: number;
  readonly duplicates: number;
  readonly failed: number;
  readonly errors: readonly ImportError[];
  readonly next: CsvPosition;
  /** True if no row follows. */
  readonly ended: boolean;
}

/** The address of each earlier row, and its line: the first row with an address counts. */
type Seen = Map<string, number>;

/** The addresses of the import that this process worked on last: the next job of it need not read the earlier rows. */
let kept: { readonly id: string; readonly step: number; readonly seen: Seen } | undefined;

/** Takes them out, as a batch that fails leaves its own addresses in them. */
function takeKept({ id, step }: ContactImport): Seen | undefined {
  const taken = kept;
  kept = undefined;
  return taken?.id === id && taken.step === step ? taken.seen : undefined;
}

function addressesBefore({ columns, cursor, step }: ContactImport, file: Buffer): Seen {
  const seen: Seen = new Map();
  if (step === 0) return seen;
  // From the beginning: the header is read as a row, and its cell is no address.
  for (const row of csvRows(file.subarray(0, cursor.offset), { offset: 0, line: 1 }, columns.delimiter)) {
    const email = addressOf(row, columns);
    if (email !== undefined) note(seen, email, row.line);
  }
  return seen;
}

/** Notes the line of an address; answers the earlier line if it was there before. */
function note(seen: Seen, email: string, line: number): number | undefined {
  const address = normalizeAddress(email);
  const earlier = seen.get(address);
  if (earlier === undefined) seen.set(address, line);
  return earlier;
}

function nextBatch({ columns, cursor, topics }: ContactImport, file: Buffer, seen: Seen): Batch {
  const contacts: NewContact[] = [];
  const errors: ImportError[] = [];
  let [rows, duplicates, failed, next] = [0, 0, 0, cursor];
  for (const row of csvRows(file, cursor, columns.delimiter)) {
    if (rows === BATCH_ROWS) return { contacts, rows, duplicates, failed, errors, next, ended: false };
    rows++;
    next = row.next;
    const contact = contactOf(row, columns);
    if (typeof contact === 'string') {
      failed++;
      errors.push({ line: row.line, reason: contact });
      continue;
    }
    const earlier = note(seen, contact.email, row.line);
    if (earlier === undefined) contacts.push({ ...contact, topics });
    else {
      duplicates++;
      errors.push({ line: row.line, reason: `Line ${earlier} has the same address; this row was skipped.` });
    }
  }
  return { contacts, rows, duplicates, failed, errors, next, ended: true };
}

type BatchCounts = Pick<ImportCounts, 'created' | 'updated' | 'skipped'>;

/** Writes the contacts and members of a batch; `repeated` is true if another run had begun it. */
async function importBatch(
  standing: ContactImport,
  { contacts, duplicates }: Batch,
  { now }: Run,
  dependencies: ImportTaskDependencies,
): Promise<{ readonly counts: BatchCounts; readonly repeated: boolean }> {
  const { table, publish } = dependencies;
  const ids = contacts.map(({ email }) => contactId(email));
  const earlier = await plan(table, standing, ids);
  const segments = (await getSegments(table, standing.segments)).flatMap((segment) => segment?.id ?? []);
  const options = { conflict: standing.onConflict, segmentIds: segments };
  const outcomes = await upsertContacts({ table, publish, now }, contacts, options);
  // A segment that was deleted meanwhile gets no members.
  for (const segmentId of segments) await addMembers(dependencies, segmentId, ids, now());
  const counts = { created: 0, updated: 0, skipped: duplicates };
  for (const [index, { outcome }] of outcomes.entries()) counts[earlier?.(index) ? 'created' : outcome]++;
  return { counts, repeated: earlier !== undefined };
}

/**
 * Notes which contacts of a batch do not exist before they are written. The answer tells, for a batch that is repeated, whether the
 * first try created a contact. There is no answer before the first try: the outcomes of the upsert count.
 */
async function plan(
  table: Table,
  standing: ContactImport,
  ids: readonly string[],
): Promise<((index: number) => boolean) | undefined> {
  if (standing.planned === standing.step) return inBitmap(standing.unknown);
  const contacts = await table.getMany(ids.map(contactKey));
  const set = { planned: standing.step, unknown: bitmapOf(contacts.map((contact) => contact === undefined)) };
  const condition = { step: standing.step, planned: { below: standing.step } };
  const { applied, document } = await table.update<ContactImport>(importKey(standing.id), { set }, [condition]);
  return applied || document?.planned !== standing.step ? undefined : inBitmap(document.unknown);
}

function bitmapOf(bits: readonly boolean[]): string {
  const bytes = Buffer.alloc(Math.ceil(bits.length / 8));
  for (const [index, bit] of bits.entries()) if (bit) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7));
  return bytes.toString('base64');
}

function inBitmap(text = ''): (index: number) => boolean {
  const bytes = Buffer.from(text, 'base64');
  return (index) => (((bytes[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

/** The fields of an import after a batch. */
function progress(standing: ContactImport, batch: Batch, counts: BatchCounts, nowMs: number) {
  const { created, updated, skipped, failed, total } = standing.counts;
  return {
    status: batch.ended ? 'completed' : 'in_progress',
    counts: {
      total,
      created: created + counts.created,
      updated: updated + counts.updated,
      skipped: skipped + counts.skipped,
      failed: failed + batch.failed,
    },
    ...(batch.errors.length > 0 && standing.errors.length < importLimits.errors
      ? { errors: [...standing.errors, ...batch.errors].slice(0, importLimits.errors) }
      : {}),
    cursor: batch.next,
    step: standing.step + 1,
    ...(batch.ended ? { completedAtMs: nowMs } : {}),
  } as const;
}

const missingFile = (attempt: number): SendoffError =>
  attempt < FILE_ATTEMPTS
    ? unavailable('The file of the import is not stored yet')
    : new SendoffError('application_error', 500, 'The file of the import is gone');
