import { addOrCreate } from '../../document/add.ts';
import type { AsWriter, Writer } from '../../document/writers.ts';
import { type EmailRecord, recordKey } from '../../email/record.ts';
import type { Condition, Document, Table } from '../../ports/table.ts';

/**
 * The counters of a broadcast, each a number of recipients unless it says otherwise. At the end of a broadcast
 * `sent + failed + suppressed + skipped` is the number of its recipients.
 */
export const counters = [
  /** SES took the email, and did not refuse or suppress it later. */
  'sent',
  'failed',
  /** On the suppression list of Sendoff or of SES. */
  'suppressed',
  /** Not sent to: unsubscribed before their turn, without the topic, or deleted. */
  'skipped',
  /** Unsubscribed with a link of this broadcast. */
  'unsubscribed',
  'delivered',
  /** Bounced in any way; a recipient can have a transient and then a permanent bounce. */
  'bounced',
  'bouncedPermanent',
  'bouncedTransient',
  'bouncedUndetermined',
  'complained',
  'delayed',
  /** By a person: programs do not count. */
  'opened',
  'clicked',
  /** Events, at most 10 of each recipient. */
  'openedTotal',
  'clickedTotal',
  /** Chunks that are delivered, and their recipients. */
  'chunksDone',
  'recipientsDone',
] as const;
export type Counter = (typeof counters)[number];

/** Numbers to add to counters, or their values. An absent counter is 0. */
export type Counts = { readonly [Name in Counter]?: number };

export interface AddOptions {
  /** The epoch in which the counted writes were made (`epochOf`); 0 if absent. */
  readonly epoch?: number;
  /** The counters expire then, epoch ms: each addition moves it. Absent: it stays as it is. */
  readonly expiresAtMs?: number;
  /** Nothing is added to counters that are there unless one of these conditions holds. */
  readonly anyOf?: readonly Condition[];
  /** Adds once, also when an answer is lost and the write is repeated. */
  readonly writer?: Writer;
}

/** The document with the counters; a field of epoch 1 or later is called `delivered@1`. */
export type CountDocument = Document & { readonly epoch?: number; readonly revision?: number };

export const countKey = (broadcastId: string): string => `broadcast-count#${broadcastId}`;

/** The field of a counter. */
export const counterField = (name: string, epoch = 0): string => (epoch === 0 ? name : `${name}@${epoch}`);

/** The counter that a field belongs to, whatever its epoch. */
export const counterIn = (field: string): string => field.replace(/@\d+$/, '');

/**
 * Adds to the counters of a broadcast with one write; creates them if there are none. Nothing is written if all numbers are 0.
 *
 * `sent` and `failed` are counted once for a recipient by what ended its email: the chunk (`broadcast.deliver`, also for records
 * that it finds in place), or for an email that went the ordinary way what ended it there. Feedback moves a recipient from `sent`
 * to `failed` or `suppressed` when SES refuses or suppresses the message later.
 */
export async function addCounts(
  table: Pick<Table, 'insert' | 'update'>,
  broadcastId: string,
  counts: Counts,
  { epoch = 0, expiresAtMs, anyOf, writer }: AddOptions = {},
): Promise<void> {
  const named = Object.entries(counts).filter(([, count]) => count !== 0 && count !== undefined);
  if (named.length === 0) return;
  const add = Object.fromEntries([
    ...named.map(([name, count]) => [counterField(name, epoch), count]),
    ['revision', 1],
  ]);
  await addOrCreate(table, {
    key: countKey(broadcastId),
    add,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(anyOf ? { anyOf } : {}),
    writer,
  });
}

/** Reads the counters of a broadcast: one read. Every counter is there, and none is below 0. */
export async function readCounts(
  table: Pick<Table, 'get'>,
  broadcastId: string,
): Promise<Readonly<Record<Counter, number>>> {
  return countsIn((await table.get<CountDocument>(countKey(broadcastId))) ?? {});
}

/** The counters in their document, over all epochs. */
export function countsIn(document: CountDocument): Record<Counter, number> {
  const sums = Object.fromEntries(counters.map((name) => [name, 0])) as Record<Counter, number>;
  for (const [field, value] of Object.entries(document)) {
    const name = counters.find((known) => known === counterIn(field));
    if (name && typeof value === 'number') sums[name] += value;
  }
  // An event can be counted before the chunk of its email: a difference is below 0 for a moment.
  for (const name of counters) sums[name] = Math.max(0, sums[name]);
  return sums;
}

/**
 * Counts that the recipient of this email unsubscribed with a link of this broadcast; once, however often it is called. Answers
 * whether it was counted: not if the record is gone.
 */
export async function countUnsubscribe(
  {
    table,
    asWriter,
    retentionMs,
  }: { readonly table: Table; readonly asWriter: AsWriter; readonly retentionMs?: number },
  { broadcastId, emailId, atMs }: { readonly broadcastId: string; readonly emailId: string; readonly atMs: number },
): Promise<boolean> {
  const epoch = await epochOf(table, broadcastId);
  const set = { unsubscribedAtMs: atMs, ...(epoch > 0 ? { unsubscribedEpoch: epoch } : {}) };
  const { applied } = await table.update<EmailRecord>(recordKey(emailId), { set }, [
    { broadcastId, unsubscribedAtMs: { exists: false } },
  ]);
  const expiry = retentionMs === undefined ? {} : { expiresAtMs: atMs + retentionMs };
  if (applied)
    await asWriter((writer) => addCounts(table, broadcastId, { unsubscribed: 1 }, { epoch, ...expiry, writer }));
  return applied;
}

/** The epoch of a broadcast's counters: a recount begins another one (recount.ts). */
export async function epochOf(table: Pick<Table, 'get'>, broadcastId: string): Promise<number> {
  return (await table.get<CountDocument>(countKey(broadcastId)))?.epoch ?? 0;
}

/** The progress of a broadcast, as `GET /broadcasts/{id}` shows it. */
export interface Progress {
  /** Recipients; 0 while they are not known. */
  readonly total: number;
  readonly sent: number;
  readonly delivered: number;
  readonly bounced: number;
  readonly complained: number;
  readonly suppressed: number;
  readonly unsubscribed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Recipients who opened it, or clicked a link, themselves: programs do not count. */
  readonly opened: number;
  readonly clicked: number;
  /** Recipients a second that it may have at most; 0 while it is not being sent. */
  readonly rate: number;
  /** Until the last recipient's turn; null while nobody can know: a draft, a pause, a rate of 0. */
  readonly etaSeconds: number | null;
}

/** The fields of a broadcast that `progressOf` reads. */
export interface ProgressedBroadcast {
  readonly status: string;
  readonly total?: number | undefined;
  readonly taken?: number | undefined;
  readonly scheduledAtMs?: number | undefined;
}

/** The progress of a broadcast; `rate` is what it may send at, in recipients a second. */
export function progressOf(
  { status, total: known, taken = 0, scheduledAtMs }: ProgressedBroadcast,
  counts: Readonly<Record<Counter, number>>,
  rate: number,
  nowMs: number,
): Progress {
  const { sent, delivered, bounced, complained, suppressed, unsubscribed, failed, skipped, opened, clicked } = counts;
  // Contacts may join the segment while it is sent.
  const total = Math.max(known ?? 0, taken, sent + suppressed + failed + skipped);
  const sending = status === 'queued';
  const left = Math.max(0, total - counts.recipientsDone);
  const beginsInMs = status === 'scheduled' ? Math.max(0, (scheduledAtMs ?? nowMs) - nowMs) : 0;
  const knowable = (sending || status === 'scheduled') && rate > 0;
  return {
    ...{ total, sent, delivered, bounced, complained, suppressed, unsubscribed, failed, skipped },
    opened,
    clicked,
    rate: sending ? rate : 0,
    etaSeconds: status === 'sent' ? 0 : knowable ? Math.ceil(beginsInMs / 1000 + left / rate) : null,
  };
}
