import { countedLink, linkHash } from '../broadcast/counting/links.ts';
import { CLAIM_FIELDS, type EmailRecord, type TimelineEntry } from '../email/record.ts';
import { type RankedStatus, rankOf } from '../email/status.ts';
import type { Change, Condition } from '../ports/table.ts';
import { DETAIL_LENGTH, type Feedback } from './ses-event.ts';

/** A timeline keeps at most this many entries of a repeating event. */
const MAX_REPEATS = 10;
/** Events that can happen to one recipient many times; all others happen once. */
const REPEATING: ReadonlySet<string> = new Set(['opened', 'clicked', 'delivery_delayed']);

/** The effect of feedback on a record. */
export interface FeedbackEffect {
  /** The one conditional write that records it; absent when nothing changes. */
  readonly write?: { readonly change: Change; readonly condition: Condition };
  /** The record after that write. */
  readonly after: EmailRecord;
  /** The new events, to be published once for each recipient. */
  readonly toPublish: readonly RecipientFeedback[];
}

/** Feedback about one of its recipients; without `recipient`, about all. */
export interface RecipientFeedback {
  readonly feedback: Feedback;
  readonly recipient?: string;
}

/**
 * Computes the effect of events of one email, in whatever order and however often they arrive. `epoch` is that of the counters of
 * the email's broadcast; `version` will be the record's `feedback`.
 */
export function applyFeedback(
  record: EmailRecord,
  events: readonly Feedback[],
  { epoch, version }: { readonly epoch: number; readonly version: number },
): FeedbackEffect {
  const draft: Draft = { ...draftOf(record), added: [] };
  const toPublish: RecipientFeedback[] = [];
  for (const feedback of events) {
    // Nothing more is believed about a message that SES refused: another try may have replaced it.
    if (feedback.messageId === draft.rejectedMessageId) continue;
    if (feedback.event === 'sent') {
      // Published each time: the record may know of it although nobody has been informed.
      toPublish.push({ feedback });
    } else {
      const fresh = newEntries(feedback, [...record.timeline, ...draft.added]);
      toPublish.push(
        ...fresh.map(({ recipient }) => ({ feedback, ...(recipient === undefined ? {} : { recipient }) })),
      );
      const fitting = fresh.filter((entry) => fits(entry, [...record.timeline, ...draft.added]));
      draft.added.push(...(record.broadcastId ? fitting.map((entry) => counted(entry, feedback)) : fitting));
    }
    advance(draft, feedback, record);
  }
  if (record.broadcastId && epoch > 0) draft.added = draft.added.map((entry) => ({ ...entry, epoch }));
  const { status, soft, added } = draft;
  const { soft: _before, ...unchanged } = record;
  const after = { ...unchanged, status, ...(soft ? { soft } : {}), timeline: [...record.timeline, ...added] };
  return { toPublish, after, ...writeOf(record, draft, version) };
}

/** The fields of a record that feedback can change. */
interface Draft extends RankedStatus {
  status: EmailRecord['status'];
  soft: boolean | undefined;
  messageId: string | undefined;
  rejectedMessageId: string | undefined;
  takenAtMs: number | undefined;
  added: TimelineEntry[];
}

const draftOf = ({ status, soft, messageId, rejectedMessageId, takenAtMs }: EmailRecord) => ({
  status,
  soft,
  messageId,
  rejectedMessageId,
  takenAtMs,
});

/** Moves the draft to the status of an event, never to one of a lower rank. */
function advance(draft: Draft, feedback: Feedback, record: EmailRecord): void {
  const { event, messageId, bot, soft, sentAtMs } = feedback;
  if (draft.messageId === undefined) {
    // Any event of a message proves that SES took it.
    draft.messageId = messageId;
    if (rankOf(draft) < rankOf({ status: 'sent' })) Object.assign(draft, { status: 'sent', soft: undefined });
    draft.added.unshift({ atMs: sentAtMs, event: 'sent' });
  } else if (draft.messageId !== messageId && event === 'sent') addSecondSend(draft, feedback, record);
  if (draft.messageId === messageId) draft.takenAtMs = sentAtMs;
  if (event === 'failed')
    Object.assign(draft, { status: 'failed', soft: undefined, messageId: undefined, rejectedMessageId: messageId });
  else if (!bot && rankOf({ status: event, soft }) > rankOf(draft)) Object.assign(draft, { status: event, soft });
}

/** Adds to the timeline that the email was sent twice. */
function addSecondSend(draft: Draft, { atMs, messageId }: Feedback, record: EmailRecord): void {
  const entry: TimelineEntry = { atMs, event: 'sent', detail: `sent again: ${messageId}` };
  const timeline = [...record.timeline, ...draft.added];
  if (!timeline.some(({ detail }) => detail === entry.detail)) draft.added.push(entry);
}

/** One entry for each recipient whose timeline does not have the event yet. */
function newEntries(feedback: Feedback, timeline: readonly TimelineEntry[]): TimelineEntry[] {
  const { atMs, event, detail, soft, bot, recipients } = feedback;
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
      ...(bot ? { machine: true } : {}),
    }));
}

/** The entry with what the counters of its broadcast need of it. */
function counted(entry: TimelineEntry, { details, undetermined }: Feedback): TimelineEntry {
  const link = details.click && countedLink(details.click.link);
  return {
    ...entry,
    ...(link === undefined ? {} : { detail: link.slice(0, DETAIL_LENGTH) }),
    ...(link !== undefined && link.length > DETAIL_LENGTH ? { link: linkHash(link) } : {}),
    ...(undetermined ? { undetermined } : {}),
  };
}

/** False when the timeline has enough entries of a repeating event: a record must stay small. */
function fits({ event }: TimelineEntry, timeline: readonly TimelineEntry[]): boolean {
  return !REPEATING.has(event) || timeline.filter((entry) => entry.event === event).length < MAX_REPEATS;
}

function writeOf(record: EmailRecord, draft: Draft, version: number): Pick<FeedbackEffect, 'write'> {
  const { status, soft, messageId, rejectedMessageId, takenAtMs, added } = draft;
  const changed = status !== record.status || soft !== record.soft || messageId !== record.messageId;
  if (!changed && added.length === 0) return {};
  const set = { status, soft, messageId, rejectedMessageId, takenAtMs, feedback: version };
  const gone = (['soft', 'messageId'] as const).filter((name) => set[name] === undefined && record[name] !== undefined);
  return {
    write: {
      change: {
        set: Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined)),
        remove: [...gone, ...CLAIM_FIELDS.filter((name) => record[name] !== undefined)],
        ...(added.length > 0 ? { append: { timeline: added } } : {}),
        due: null,
      },
      // The record must be as it was read; otherwise the effect is computed again.
      condition: {
        status: record.status,
        feedback: record.feedback ?? { exists: false },
        messageId: record.messageId ?? { exists: false },
      },
    },
  };
}
