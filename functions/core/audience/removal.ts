import * as z from 'zod/mini';
import { isId } from '../ids.ts';
import type { Broker } from '../ports/broker.ts';
import { emailRetry } from '../task/retry.ts';
import { type Task, task } from '../task/task.ts';
import { type Contact, contactKey } from './contact.ts';
import { contactEvent } from './contact-event.ts';
import type { ContactDependencies } from './contacts.ts';
import {
  countKey,
  deleteMembers,
  isMember,
  type MemberWrites,
  membersAfter,
  removeMember,
  removeMemberships,
  segmentIdsOf,
} from './membership.ts';
import { recountMembers } from './recount.ts';
import { segmentKey } from './segment.ts';
import { noSegment, type SegmentWord } from './segments.ts';

/** Indexes may lag and other requests may be in progress: what was written shortly before a deletion is found after this time. */
const SETTLED_SECONDS = 15;
/** Members that one step of a deletion removes. */
const STEP = 1_000;

export interface RemovalDependencies extends MemberWrites {
  readonly broker: Broker;
}

/** The dependencies of the API's calls of contacts and segments. */
export type AudienceDependencies = ContactDependencies & RemovalDependencies;

/** Removes a deleted contact from the segments that it was added to before a time. */
export const leaveSegments: Task<{ id: string; untilMs: number }, RemovalDependencies> = task(
  'contact.leave-segments',
  { args: z.object({ id: z.string(), untilMs: z.number() }), queue: 'transactional', retry: emailRetry },
  async ({ id, untilMs }, { now }, dependencies) => leaveAll({ ...dependencies, now }, id, untilMs),
);

type Leaving = RemovalDependencies & { readonly now: () => number };

/**
 * Removes a contact from a segment; answers whether this call removed it. A member that was there and is gone may be one whose deletion was
 * repeated because its answer was lost: then the segment is counted again.
 */
export async function leaveSegment(dependencies: Leaving, segmentId: string, contactId: string): Promise<boolean> {
  if (!(await isMember(dependencies.table, segmentId, contactId))) return false;
  const removed = await removeMember(dependencies, segmentId, contactId);
  if (!removed) await recount(dependencies, [segmentId]);
  return removed;
}

const leaveAll = async (dependencies: Leaving, contactId: string, untilMs: number): Promise<void> =>
  recount(dependencies, await removeMemberships(dependencies, contactId, untilMs));

async function recount({ broker, now }: Leaving, segmentIds: readonly string[]): Promise<void> {
  const options = { delaySeconds: SETTLED_SECONDS, now };
  if (segmentIds.length > 0) await broker.send(segmentIds.map((id) => recountMembers.call({ id }, options)));
}

/**
 * Deletes a contact and its memberships. A job is queued first: it removes the memberships that a crash, the lag of the index or a
 * concurrent request leaves.
 */
export async function deleteContact(dependencies: AudienceDependencies, contact: Contact): Promise<void> {
  const { table, broker, publish, now } = dependencies;
  const nowMs = now();
  await leaveSegments.delay({ id: contact.id, untilMs: nowMs }, broker, { delaySeconds: SETTLED_SECONDS, now });
  await publish([contactEvent('contact.deleted', contact, await segmentIdsOf(table, contact.id), nowMs)]);
  await leaveAll(dependencies, contact.id, nowMs);
  await table.delete(contactKey(contact.id));
}

/**
 * Deletes a segment, and its members in steps. Each step ends with a job for the next one, so that a killed step is repeated from where
 * it began. Its last look, some seconds later, finds members that were added while the segment was deleted.
 */
export const removeSegment: Task<
  { id: string; after?: string | undefined; last?: boolean | undefined },
  RemovalDependencies
> = task(
  'segment.delete',
  {
    args: z.object({ id: z.string(), after: z.optional(z.string()), last: z.optional(z.boolean()) }),
    queue: 'transactional',
    retry: emailRetry,
  },
  async ({ id, after, last = false }, { now }, { table, broker }) => {
    if (after === undefined) await table.delete(segmentKey(id));
    const { contactIds, cursor, ended } = await membersAfter(table, id, after, STEP);
    await deleteMembers(table, id, contactIds);
    if (!ended) await removeSegment.delay({ id, after: cursor, last }, broker);
    else if (!last) await removeSegment.delay({ id, last: true }, broker, { delaySeconds: SETTLED_SECONDS, now });
    else await table.delete(countKey(id));
  },
);

/**
 * Deletes a segment, if there is one: it is gone at once, its members follow. Its contacts stay. 404 only for text that cannot be an
 * id, as Resend answers.
 */
export async function deleteSegment(
  { table, broker }: Pick<RemovalDependencies, 'table' | 'broker'>,
  id: string,
  word?: SegmentWord,
): Promise<void> {
  if (!isId(id)) throw noSegment(word);
  if (!(await table.get(segmentKey(id)))) return;
  await removeSegment.delay({ id }, broker);
  await table.delete(segmentKey(id));
}
