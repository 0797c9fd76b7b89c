import { findSegment } from '../audience/segments.ts';
import { findTopic } from '../audience/topics.ts';
import { findById } from '../document/find-by-id.ts';
import { isKeyFree, keyReused } from '../email/accept/idempotency.ts';
import { invalid, SendoffError } from '../errors.ts';
import { derivedId } from '../ids.ts';
import type { Backend } from '../ports/backend.ts';
import type { Table, WriteOutcome } from '../ports/table.ts';
import { slices } from '../slices.ts';
import { type Broadcast, broadcastKey, broadcastListEntry, when } from './broadcast.ts';
import { type BroadcastContent, checkContentSize, contentKey } from './content.ts';
import { chunkKey } from './delivery/chunk.ts';

export interface BroadcastStoreDependencies {
  readonly backend: Pick<Backend, 'table' | 'updateAndSend' | 'delayHorizonMs'>;
  readonly now: () => number;
  readonly newId: () => string;
  /** The time that a broadcast and its chunks are kept after its end, in ms. */
  readonly retentionMs: number;
}

/** The fields of a broadcast that a request sets; addresses are in their normal form. */
export interface BroadcastFields {
  readonly name?: string;
  readonly segmentId?: string;
  readonly topicId?: string;
  readonly from: string;
  readonly replyTo?: readonly string[];
  readonly content: Omit<BroadcastContent, 'id'>;
}

/** A broadcast to create: for a segment, or with `listed` for a list that is given afterwards. */
export interface NewBroadcast extends BroadcastFields {
  readonly listed?: boolean;
}

/** A change of a draft; null clears a field. */
export interface BroadcastChange {
  readonly name?: string;
  readonly segmentId?: string;
  readonly topicId?: string | null;
  readonly from?: string;
  readonly replyTo?: readonly string[] | null;
  readonly content: { readonly [Field in keyof Omit<BroadcastContent, 'id'>]?: BroadcastContent[Field] | null };
}

/** The request that creates a broadcast: a repeated one with the same idempotency key creates nothing more. */
export interface CreationKey {
  readonly keyId: string;
  readonly idempotencyKey: string;
  /** The hash of the request. */
  readonly fingerprint: string;
}

export const broadcastLimits = {
  /** Resend cuts the name of a copy here. */
  nameLength: 70,
  previewLength: 1_000,
  /** A draft with a list of its own expires so long after its creation, with the list. */
  listedDraftDays: 30,
} as const;

const UNTITLED = 'Untitled';
/** Concurrent changes of one draft: so many tries. */
const TRIES = 5;
const DAY_MS = 86_400_000;

/** The broadcast with this id; 404 if there is none. */
export const findBroadcast = (table: Pick<Table, 'get'>, id: string): Promise<Broadcast> =>
  findById<Broadcast>(table, id, broadcastKey, 'Broadcast');

/** The content of a broadcast. */
export async function findContent(
  table: Pick<Table, 'get'>,
  { contentId }: Pick<Broadcast, 'contentId'>,
): Promise<BroadcastContent> {
  const content = await table.get<BroadcastContent>(contentKey(contentId));
  if (!content) throw new SendoffError('application_error', 500, 'The content of this broadcast is gone');
  return content;
}

/** The broadcast that a request with this key created before; undefined if it is the first one. 409 if the request was another. */
export async function findCreated(
  key: CreationKey,
  { backend: { table }, now }: Pick<BroadcastStoreDependencies, 'backend' | 'now'>,
): Promise<Broadcast | undefined> {
  for (let generation = 0; ; generation++) {
    const broadcast = await table.get<Broadcast>(broadcastKey(keyedBroadcastId(key, generation)));
    if (!broadcast) return undefined;
    if (isKeyFree(broadcast.createdAtMs, now())) continue;
    if (broadcast.fingerprint !== key.fingerprint) throw keyReused();
    return broadcast;
  }
}

/** Each reuse of a key after its lifetime is a new generation. */
const keyedBroadcastId = ({ keyId, idempotencyKey }: CreationKey, generation: number): string =>
  derivedId('broadcast', keyId, idempotencyKey, String(generation));

/**
 * Creates a draft.
 *
 * @throws 404 for a segment or a topic that does not exist; 422 for a content that is missing or too large; 409 for an idempotency key that
 * was used with another request in the last 24 hours.
 */
export async function createBroadcast(
  given: NewBroadcast,
  dependencies: BroadcastStoreDependencies,
  key?: CreationKey,
): Promise<Broadcast> {
  const { backend, now, newId } = dependencies;
  checkContent(given.content);
  await checkAudience(backend.table, given);
  for (let generation = 0; ; generation++) {
    const nowMs = now();
    const id = key ? keyedBroadcastId(key, generation) : newId();
    const { applied, document } = await insertDraft(id, given, key?.fingerprint, nowMs, dependencies);
    if (applied || !key || !document) return document ?? findBroadcast(backend.table, id);
    if (isKeyFree(document.createdAtMs, nowMs)) continue;
    if (document.fingerprint !== key.fingerprint) throw keyReused();
    return document;
  }
}

async function insertDraft(
  id: string,
  given: NewBroadcast,
  fingerprint: string | undefined,
  nowMs: number,
  { backend: { table }, newId }: BroadcastStoreDependencies,
): Promise<WriteOutcome<Broadcast>> {
  const { name, segmentId, listed, topicId, from, replyTo, content } = given;
  // A repeated request writes the same content again.
  const contentId = fingerprint === undefined ? newId() : derivedId('broadcast-content', id, fingerprint);
  const { subject, previewText } = content;
  const draft: Broadcast = {
    id,
    name: name || UNTITLED,
    status: 'draft',
    ...(listed ? { listed, chunkCount: 0, listLength: 0, total: 0 } : { ...(segmentId ? { segmentId } : {}) }),
    ...(topicId === undefined ? {} : { topicId }),
    contentId,
    from,
    subject,
    ...(replyTo?.length ? { replyTo } : {}),
    ...(previewText ? { previewText } : {}),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    nextChunk: 0,
    taken: 0,
    ended: false,
  };
  await table.insert({ key: contentKey(contentId), fields: { ...content, id: contentId } });
  const expiry = listed ? { expiresAtMs: nowMs + broadcastLimits.listedDraftDays * DAY_MS } : {};
  const list = broadcastListEntry(draft);
  const outcome = await table.insert<Broadcast>({ key: broadcastKey(id), fields: draft, list, ...expiry });
  return outcome.applied ? { applied: true, document: draft } : outcome;
}

/** Changes a draft; 403 for any other broadcast. Its list of recipients stays. */
export async function changeBroadcast(
  id: string,
  change: BroadcastChange,
  { backend: { table }, now, newId }: BroadcastStoreDependencies,
): Promise<void> {
  const { name, segmentId, topicId, from, replyTo, content } = change;
  await checkAudience(table, { segmentId, topicId: topicId ?? undefined });
  for (let tries = 0; tries < TRIES; tries++) {
    const before = await findBroadcast(table, id);
    if (before.status !== 'draft') throw notDraft('changed');
    if (before.listed && segmentId !== undefined)
      throw invalid('Invalid `segment_id` field: this broadcast has a list of its own.', 'validation_error');
    const made = Object.keys(content).length > 0 ? await changedContent(table, before, content, newId()) : undefined;
    const fields = {
      name,
      segmentId,
      topicId,
      from,
      replyTo: replyTo?.length === 0 ? null : replyTo,
      ...(made
        ? { contentId: made.id, subject: made.subject, previewText: made.previewText ?? null, updatedAtMs: now() }
        : { updatedAtMs: now() }),
    };
    const { applied } = await table.update<Broadcast>(broadcastKey(id), changeOf(fields), [
      { status: 'draft', contentId: before.contentId },
    ]);
    if (made) await table.delete(contentKey(applied ? before.contentId : made.id));
    if (applied) return;
  }
  throw new SendoffError('validation_error', 409, 'The broadcast is being changed by another request');
}

/** Fields to set, and those to remove, which are null; undefined ones stay as they are. */
function changeOf(fields: { readonly [name: string]: string | number | readonly string[] | null | undefined }) {
  const entries = Object.entries(fields);
  const set = entries.filter(([, value]) => value !== null && value !== undefined);
  const remove = entries.filter(([, value]) => value === null);
  return { set: Object.fromEntries(set), remove: remove.map(([name]) => name) };
}

/** Stores the content of a draft with these changes, under another id. */
async function changedContent(
  table: Table,
  broadcast: Broadcast,
  change: BroadcastChange['content'],
  id: string,
): Promise<BroadcastContent> {
  const before = await findContent(table, broadcast);
  const entries = Object.entries({ ...before, ...change, id }).filter(([, value]) => value !== null);
  const content = Object.fromEntries(entries) as BroadcastContent;
  checkContent(content);
  await table.insert({ key: contentKey(id), fields: content });
  return content;
}

/** Copies a broadcast of any status as a draft. A list of its own is not copied. */
export async function duplicateBroadcast(id: string, dependencies: BroadcastStoreDependencies): Promise<string> {
  const { backend, now } = dependencies;
  const broadcast = await findBroadcast(backend.table, id);
  const { name, segmentId, listed, topicId, from, replyTo } = broadcast;
  const { id: _id, ...content } = await findContent(backend.table, broadcast);
  const copy: NewBroadcast = {
    name: `${name} (copy)`.slice(0, broadcastLimits.nameLength).toWellFormed(),
    ...(segmentId === undefined ? {} : { segmentId }),
    ...(listed ? { listed } : {}),
    ...(topicId === undefined ? {} : { topicId }),
    from,
    ...(replyTo ? { replyTo } : {}),
    content,
  };
  // The segment and the topic may be gone; sending checks them.
  const draft = await insertDraft(dependencies.newId(), copy, undefined, now(), dependencies);
  return draft.document?.id ?? '';
}

/** Deletes at once, but so many chunks of a list at the same time. */
const DELETIONS = 25;

/** Deletes a draft with its content and its list; 403 for any other broadcast. */
export async function deleteBroadcast(id: string, { backend: { table } }: BroadcastStoreDependencies): Promise<void> {
  const { contentId, chunkCount = 0 } = await findBroadcast(table, id);
  if (!(await table.delete(broadcastKey(id), when.draft))) throw notDraft('deleted');
  await table.delete(contentKey(contentId));
  const keys = Array.from({ length: chunkCount }, (_, n) => chunkKey(id, n));
  for (const some of slices(keys, DELETIONS)) await Promise.all(some.map((key) => table.delete(key)));
}

function checkContent(content: Omit<BroadcastContent, 'id'>): void {
  if (!content.html && !content.text) throw invalid('Missing `html` or `text` field.', 'missing_required_field');
  checkContentSize(content);
}

/** 404 for a segment or a topic that does not exist. */
export async function checkAudience(
  table: Pick<Table, 'get'> & Table,
  { segmentId, topicId }: { readonly segmentId?: string | undefined; readonly topicId?: string | undefined },
): Promise<void> {
  await Promise.all([
    segmentId === undefined ? undefined : findSegment(table, segmentId),
    topicId === undefined ? undefined : findTopic(table, topicId),
  ]);
}

/** The answer to a call that the status of a broadcast does not allow; the status and the form are Resend's. */
export const notDraft = (done: string): SendoffError =>
  new SendoffError('validation_error', 403, `Only draft broadcasts can be ${done}`);
