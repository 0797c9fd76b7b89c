import { timeSort } from '../document/time-sort.ts';
import { normalizeAddress, normalizeCase } from '../email/address.ts';
import { SendoffError } from '../errors.ts';
import { eventIdOf, type WebhookEventType } from '../event.ts';
import { derivedId } from '../ids.ts';
import { iso } from '../iso-time.ts';
import type { Document, Table } from '../ports/table.ts';
import type { Publish } from '../webhook/dispatch.ts';
import { isSimulator } from './simulator.ts';

export const suppressionOrigins = ['bounce', 'complaint', 'manual', 'unsubscribe'] as const;
export type SuppressionOrigin = (typeof suppressionOrigins)[number];

/** An address that must not be sent to. There is one document for each address, so that a check costs one read. */
export type Suppression = {
  readonly id: string;
  readonly email: string;
  readonly origin: SuppressionOrigin;
  /** The email that led to it. */
  readonly sourceId?: string;
  readonly createdAtMs: number;
  /** The senders that must not send to it; absent: all. */
  readonly senders?: readonly string[];
  /** Counts the senders that were added; whoever removes one compares it. */
  readonly additions?: number;
};

export interface NewSuppression {
  readonly email: string;
  readonly origin: SuppressionOrigin;
  readonly sourceId?: string;
  readonly atMs: number;
  /** The sender that must not send to it any more; absent: all. */
  readonly sender?: string;
}

export const SUPPRESSION_PARTITION = 'suppression';

/** The id is derived from the address, so that a suppression is found by either with one read. */
export const suppressionId = (email: string): string => derivedId('suppression', normalizeAddress(email));
export const suppressionKey = (id: string): string => `suppression#${id}`;

/** Those of the addresses that the sender must not send to, in the form in which they were given. */
export async function findSuppressed(table: Table, sender: string, addresses: readonly string[]): Promise<Set<string>> {
  const from = normalizeAddress(sender);
  const found = await findAll(table, addresses);
  return new Set(addresses.filter((_, index) => found[index]?.some((one) => applies(one, from))));
}

function applies(suppression: Suppression, sender: string | undefined): boolean {
  const { senders } = suppression;
  if (isOfSimulator(suppression)) return false;
  return !senders || senders.some((one) => normalizeAddress(one) === sender);
}

/** Written by an early version, which took events of the mailbox simulator for real ones. */
const isOfSimulator = ({ email, origin }: Suppression): boolean =>
  (origin === 'bounce' || origin === 'complaint') && isSimulator(email);

/** The ids that an address can have: versions before 0.2 derived it from the address with its quotes. */
function idsOf(idOrEmail: string): string[] {
  if (!idOrEmail.includes('@')) return [idOrEmail];
  return [...new Set([suppressionId(idOrEmail), derivedId('suppression', normalizeCase(idOrEmail))])];
}

/** The suppressions of each id or address: at most one, or two for a quoted address. */
async function findAll(table: Table, idsOrEmails: readonly string[]): Promise<Suppression[][]> {
  const ids = idsOrEmails.map(idsOf);
  const found = await table.getMany<Suppression>(ids.flat().map(suppressionKey));
  const byId = new Map(found.flatMap((one) => (one ? [[one.id, one] as const] : [])));
  return ids.map((some) => some.flatMap((id) => byId.get(id) ?? []));
}

/**
 * Suppresses addresses; existing suppressions stay as they are. Answers the ids in order.
 * Publishes first, then writes: after a crash in between, the same event is published again with the same id.
 */
export async function suppress(table: Table, publish: Publish, wanted: readonly NewSuppression[]): Promise<string[]> {
  if (wanted.length === 0) return [];
  const found = await findAll(
    table,
    wanted.map(({ email }) => email),
  );
  const ids = wanted.map(({ email }, index) => found[index]?.[0]?.id ?? suppressionId(email));
  const missing = wanted.flatMap((one, index) => {
    const known = found[index]?.find((suppression) => !isOfSimulator(suppression));
    const sender = one.sender === undefined ? undefined : normalizeAddress(one.sender);
    const suppressed = found[index]?.some((suppression) => applies(suppression, sender));
    const repeated = ids.indexOf(ids[index] ?? '') < index;
    return suppressed || repeated ? [] : [{ ...one, sender, known, id: ids[index] ?? '' }];
  });
  const drafts = missing.map(({ id, email, origin, sourceId, atMs, sender, known }) => ({
    known,
    sender,
    suppression: {
      ...{ id, email: normalizeAddress(email), origin, createdAtMs: known?.createdAtMs ?? atMs },
      ...(sourceId === undefined ? {} : { sourceId }),
      ...(sender === undefined ? {} : { senders: [...(known?.senders ?? []), sender] }),
    } satisfies Suppression,
    atMs,
  }));
  await publish(drafts.map(({ suppression, atMs }) => webhookEvent('suppression.added', suppression, atMs)));
  const replaced = found.flat().filter(isOfSimulator);
  await Promise.all(replaced.map(({ id, origin }) => table.delete(suppressionKey(id), [{ origin }])));
  await Promise.all(drafts.map((draft) => write(table, draft)));
  return ids;
}

type Draft = { readonly suppression: Suppression; readonly sender: string | undefined };

async function write(table: Table, { suppression, sender }: Draft): Promise<void> {
  const { id, origin, sourceId, createdAtMs } = suppression;
  const key = suppressionKey(id);
  const list = { partition: SUPPRESSION_PARTITION, sort: timeSort(createdAtMs, id) };
  const { applied } = await table.insert({ key, fields: suppression, list });
  if (applied) return;
  // There is one for some senders, or another process was faster: add the sender, or apply it to all.
  if (sender !== undefined) {
    const change = { append: { senders: [sender] }, add: { additions: 1 } };
    await table.update(key, change, [{ senders: { exists: true } }]);
  } else {
    const set = { origin, ...(sourceId === undefined ? {} : { sourceId }) };
    await table.update(key, { set, remove: ['senders'] }, [{ senders: { exists: true } }]);
  }
}

/** Finds a suppression by id or address. */
export async function findSuppression(table: Table, idOrEmail: string): Promise<Suppression | undefined> {
  const [found] = await findAll(table, [idOrEmail]);
  return found?.[0];
}

/** Removes suppressions by id or address; answers the ids and whether each existed. */
export async function unsuppress(
  table: Table,
  publish: Publish,
  idsOrEmails: readonly string[],
  nowMs: number,
): Promise<{ id: string; deleted: boolean }[]> {
  const found = await findAll(table, idsOrEmails);
  const present = [...new Set(found.flat())];
  await publish(present.map((one) => webhookEvent('suppression.removed', one, nowMs)));
  const deleted = new Map(
    await Promise.all(present.map(async ({ id }) => [id, await table.delete(suppressionKey(id))] as const)),
  );
  return idsOrEmails.map((idOrEmail, index) => {
    const id = found[index]?.[0]?.id ?? idsOf(idOrEmail)[0] ?? idOrEmail;
    return { id, deleted: deleted.get(id) ?? false };
  });
}

/** True if the recipient unsubscribed from this sender by a link. */
export async function isUnsubscribed(table: Table, sender: string, email: string): Promise<boolean> {
  const from = normalizeAddress(sender);
  const [found = []] = await findAll(table, [email]);
  return found.some((one) => hasUnsubscribed(one, from));
}

const hasUnsubscribed = ({ senders = [] }: Suppression, sender: string): boolean =>
  senders.some((one) => normalizeAddress(one) === sender);

/** Undoes that a recipient unsubscribed from this sender. What else suppresses the address stays. */
export async function resubscribe(
  table: Table,
  publish: Publish,
  { email, sender, atMs }: { readonly email: string; readonly sender: string; readonly atMs: number },
): Promise<void> {
  const from = normalizeAddress(sender);
  const [found = []] = await findAll(table, [email]);
  for (const suppression of found.filter((one) => hasUnsubscribed(one, from))) {
    const { id, createdAtMs, additions = { exists: false }, senders = [] } = suppression;
    await publish([webhookEvent('suppression.removed', { ...suppression, senders: [from] }, atMs)]);
    const rest = senders.filter((one) => normalizeAddress(one) !== from);
    // A sender that is added meanwhile must not be lost.
    const unchanged = [{ createdAtMs, additions, senders: { exists: true } }];
    const removed =
      rest.length === 0
        ? await table.delete(suppressionKey(id), unchanged)
        : (await table.update(suppressionKey(id), { set: { senders: rest } }, unchanged)).applied;
    if (!removed)
      throw new SendoffError('validation_error', 409, 'The suppression is being changed by another request');
  }
}

function webhookEvent(type: WebhookEventType, suppression: Suppression, atMs: number) {
  const eventId = eventIdOf(type, suppression.id, suppression.senders?.join() ?? '', String(suppression.createdAtMs));
  return { type, eventId, atMs, subject: suppressionView(suppression) };
}

/** A suppression as the API and webhooks show it: Resend's fields, and `senders`. */
export function suppressionView({ id, email, origin, sourceId, createdAtMs, senders }: Suppression) {
  return {
    id,
    email,
    origin,
    source_id: sourceId ?? null,
    created_at: iso(createdAtMs),
    senders: senders ?? null,
  } satisfies Document;
}
