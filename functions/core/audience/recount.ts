import * as z from 'zod/mini';
import type { Broker } from '../ports/broker.ts';
import type { Table } from '../ports/table.ts';
import { emailRetry } from '../task/retry.ts';
import { type Task, task } from '../task/task.ts';
import { countKey, type SegmentCount, segmentRange } from './membership.ts';

/** Members that one step counts. */
const PAGE = 1_000;
const PAGES_OF_A_STEP = 20;
/** Counts that a change of the segment makes worthless: so many, with this wait between them. */
const COUNTS = 10;
const WAIT_SECONDS = 600;

export type RecountArgs = {
  readonly id: string;
  /** The place up to which was counted, and how many there were. */
  readonly part?: number | undefined;
  readonly after?: string | undefined;
  readonly counted?: number | undefined;
  /** The revision of the counter when the count began. */
  readonly revision?: number | undefined;
  /** Counts before this one. */
  readonly tries?: number | undefined;
};

const argsSchema = z.object({
  id: z.string(),
  part: z.optional(z.number()),
  after: z.optional(z.string()),
  counted: z.optional(z.number()),
  revision: z.optional(z.number()),
  tries: z.optional(z.number()),
});

/**
 * Counts the members of a segment, in steps, and corrects its counter: a crash between a member and the counter leaves it wrong. If the
 * segment changes meanwhile, it counts again later.
 */
export const recountMembers: Task<RecountArgs, { readonly table: Table; readonly broker: Broker }> = task(
  'segment.recount',
  { args: argsSchema, queue: 'transactional', retry: emailRetry },
  async ({ id, part = 0, after, counted = 0, tries = 0, ...begun }, { now }, { table, broker }) => {
    const revision = begun.revision ?? (await begin(table, id));
    const parts = await table.parts('list', segmentRange(id).partition);
    let [cursor, members, ended] = [after, counted, false];
    for (let page = 0; page < PAGES_OF_A_STEP && !ended; page++) {
      const range = { ...segmentRange(id), part: parts[part] ?? 0, limit: PAGE };
      const entries = await table.query({ ...range, ...(cursor === undefined ? {} : { after: cursor }) });
      members += entries.length;
      cursor = entries.at(-1)?.sort ?? cursor;
      ended = entries.length < PAGE;
    }
    const next = { id, counted: members, revision, tries };
    if (!ended) return recountMembers.delay({ ...next, part, after: cursor }, broker);
    if (part + 1 < parts.length) return recountMembers.delay({ ...next, part: part + 1 }, broker);
    const change = { set: { members }, add: { revision: 1 } };
    if ((await table.update(countKey(id), change, [{ revision }])).applied || tries + 1 >= COUNTS) return;
    await recountMembers.delay({ id, tries: tries + 1 }, broker, { delaySeconds: WAIT_SECONDS, now });
  },
);

/** Answers the counter's revision; a segment without a counter gets one. */
async function begin(table: Table, id: string): Promise<number> {
  const { document } = await table.update<SegmentCount>(countKey(id), { add: { revision: 1 } });
  if (document) return document.revision;
  const fields: SegmentCount = { members: 0, revision: 1 };
  return (await table.insert<SegmentCount>({ key: countKey(id), fields })).document?.revision ?? 1;
}
