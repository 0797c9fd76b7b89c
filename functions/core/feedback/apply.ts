import { CLAIM_FIELDS, type EmailRecord, type TimelineEntry } from '../email/record.ts';
import { type RankedStatus, rankOf } from '../email/status.ts';
import type { Change, Condition } from '../ports/table.ts';
import type { Feedback } from './ses-event.ts';

/** Timeline entries of one kind kept at most; each of the others is there at most once a recipient. */
const MAX_REPEATS = 10;
/** What may happen to one recipient over and over; the rest happens once. */
const REPEATING: ReadonlySet<string> = new Set(['opened', 'clicked', 'delivery_delayed']);

/** What feedback means for a record. */
export interface Progress {
  /** The one conditional write that notes it; absent when there is nothing to note. */
  readonly write?: { readonly change: Change; readonly condition: Condition };
  /** What is to be told: each event that is new here, once for each of its recipients. */
  readonly news: readonly { readonly feedback: Feedback; readonly recipient?: string }[];
}

/** Works out what events about one email do to its record, whatever their order and however often they come. */
export function progress(record: EmailRecord, events: readonly Feedback[]): Progress {
  const draft = { ...standOf(record), added: [] as TimelineEntry[] };
  const news: Progress['news'][number][] = [];
  for (const feedback of events) {
    // What was refused has no future: the message may have been replaced by another try.
    if (feedback.messageId === draft.rejectedMessageId) continue;
    if (feedback.event === 'sent') {
      // Told each time it comes: that the record knows of it does not say that anyone was told.
      news.push({ feedback });
    } else {
      const fresh = freshEntries(feedback, [...record.timeline, ...draft.added]);
      news.push(...fresh.map(({ recipient }) => ({ feedback, ...(recipient === undefined ? {} : { recipient }) })));
      draft.added.push(...fresh.filter((entry) => fits(entry, [...record.timeline, ...draft.added])));
    }
    move(draft, feedback, record);
  }
  return { news, ...writeOf(record, draft) };
}

interface Draft extends RankedStatus {
  status: EmailRecord['status'];
  soft: boolean | undefined;
  messageId: string | undefined;
  rejectedMessageId: string | undefined;
  added: TimelineEntry[];
}

const standOf = ({ status, soft, messageId, rejectedMessageId }: EmailRecord) => ({
  status,
  soft,
  messageId,
  rejectedMessageId,
});

/** Moves the draft on, never back. */
function move(draft: Draft, feedback: Feedback, record: EmailRecord): void {
  const { event, messageId, machine, soft, sentAtMs } = feedback;
  if (draft.messageId === undefined) {
    // Whatever is reported of a message proves that the provider took it.
    draft.messageId = messageId;
    if (rankOf(draft) < rankOf({ status: 'sent' })) Object.assign(draft, { status: 'sent', soft: undefined });
    draft.added.unshift({ atMs: sentAtMs, event: 'sent' });
  } else if (draft.messageId !== messageId && event === 'sent') noteSecondSend(draft, feedback, record);
  if (event === 'failed')
    Object.assign(draft, { status: 'failed', soft: undefined, messageId: undefined, rejectedMessageId: messageId });
  else if (!machine && rankOf({ status: event, soft }) > rankOf(draft)) Object.assign(draft, { status: event, soft });
}

/** The email went out twice: the timeline must not hide it. */
function noteSecondSend(draft: Draft, { atMs, messageId }: Feedback, record: EmailRecord): void {
  const entry: TimelineEntry = { atMs, event: 'sent', detail: `sent again: ${messageId}` };
  const timeline = [...record.timeline, ...draft.added];
  if (!timeline.some(({ detail }) => detail === entry.detail)) draft.added.push(entry);
}

/** One entry for each recipient of whom this is not known yet. */
function freshEntries(feedback: Feedback, timeline: readonly TimelineEntry[]): TimelineEntry[] {
  const { atMs, event, detail, soft, machine, recipients } = feedback;
  const known = (recipient?: string) =>
    timeline.some(
      (entry) =>
        entry.event === event &&
        entry.recipient === recipient &&
        entry.soft === soft &&
        (!REPEATING.has(event) || entry.atMs === atMs),
    );
  const about: readonly (string | undefined)[] = recipients.length > 0 ? recipients : [undefined];
  return about
    .filter((recipient) => !known(recipient))
    .map((recipient) => ({
      atMs,
      event,
      ...(detail === undefined ? {} : { detail }),
      ...(recipient === undefined ? {} : { recipient }),
      ...(soft ? { soft } : {}),
      ...(machine ? { machine } : {}),
    }));
}

/** A record stays small however often a newsletter is opened. */
function fits({ event }: TimelineEntry, timeline: readonly TimelineEntry[]): boolean {
  return !REPEATING.has(event) || timeline.filter((entry) => entry.event === event).length < MAX_REPEATS;
}

function writeOf(record: EmailRecord, draft: Draft): Pick<Progress, 'write'> {
  const { status, soft, messageId, rejectedMessageId, added } = draft;
  const moved = status !== record.status || soft !== record.soft || messageId !== record.messageId;
  if (!moved && added.length === 0) return {};
  const set = { status, soft, messageId, rejectedMessageId, feedback: (record.feedback ?? 0) + 1 };
  const gone = (['soft', 'messageId'] as const).filter((name) => set[name] === undefined && record[name] !== undefined);
  return {
    write: {
      change: {
        set: Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined)),
        remove: [...gone, ...CLAIM_FIELDS.filter((name) => record[name] !== undefined)],
        ...(added.length > 0 ? { append: { timeline: added } } : {}),
        due: null,
      },
      // The record must stand as it was read; else it is worked out anew.
      condition: {
        status: record.status,
        feedback: record.feedback ?? { exists: false },
        messageId: record.messageId ?? { exists: false },
      },
    },
  };
}
