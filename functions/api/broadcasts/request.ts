import { type CopiedTemplate, copyTemplate } from '../../core/broadcast/from-template.ts';
import type { BroadcastChange, NewBroadcast } from '../../core/broadcast/store.ts';
import { formatMailbox, parseMailbox } from '../../core/email/address.ts';
import { singleLine } from '../../core/email/email.ts';
import { invalid } from '../../core/errors.ts';
import type { Table } from '../../core/ports/table.ts';
import type { BroadcastInput } from './schema.ts';

/** The fields of `POST /broadcasts` as a broadcast to create; its own ones win over those of its template. */
export async function newBroadcast(
  input: BroadcastInput,
  { listed }: { readonly listed: boolean },
  table: Table,
): Promise<NewBroadcast> {
  const segmentId = segmentOf(input);
  if (listed && segmentId !== undefined)
    throw invalid('Give either `segment_id` or `recipients`, not both.', 'validation_error');
  if (!listed && segmentId === undefined) throw invalid('Missing `segment_id` field.', 'missing_required_field');
  const template = await templateOf(input, table);
  const from = input.from ?? template?.from;
  const subject = input.subject ?? template?.subject;
  if (!from) throw invalid('Missing `from` field.', 'missing_required_field');
  if (subject === undefined) throw invalid('Missing `subject` field.', 'missing_required_field');
  const { name, topic_id, html, text, preview_text } = input;
  const replyTo = mailboxes(input.reply_to) ?? template?.replyTo;
  return {
    ...(name ? { name } : {}),
    ...(segmentId === undefined ? {} : { segmentId }),
    ...(listed ? { listed } : {}),
    ...(topic_id ? { topicId: topic_id } : {}),
    from: mailbox(from, 'from'),
    ...(replyTo ? { replyTo } : {}),
    content: {
      subject: singleLine(subject, 'subject'),
      ...(html ? { html } : {}),
      // An empty text is kept: it means that no text part is made of the html.
      ...(text == null ? {} : { text }),
      ...template?.content,
      ...(preview_text ? { previewText: singleLine(preview_text, 'preview_text') } : {}),
    },
  };
}

/** The fields of `PATCH /broadcasts/{id}` as a change; null clears a field that may be absent. */
export async function broadcastChange(input: BroadcastInput, table: Table): Promise<BroadcastChange> {
  const template = await templateOf(input, table);
  const { name, topic_id, html, text, preview_text } = input;
  const [from, subject] = [input.from ?? template?.from, input.subject ?? template?.subject];
  const segmentId = segmentOf(input);
  const replyTo = input.reply_to === null ? null : (mailboxes(input.reply_to) ?? template?.replyTo);
  const content = {
    subject: subject == null ? undefined : singleLine(subject, 'subject'),
    html,
    text,
    previewText: preview_text ? singleLine(preview_text, 'preview_text') : preview_text,
    ...(template ? { text: null, fallbacks: null, ...template.content } : {}),
  };
  return {
    ...(name ? { name } : {}),
    ...(segmentId === undefined ? {} : { segmentId }),
    ...(topic_id === undefined ? {} : { topicId: topic_id }),
    ...(from ? { from: mailbox(from, 'from') } : {}),
    ...(replyTo === undefined ? {} : { replyTo }),
    content: Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined)),
  };
}

function segmentOf({ segment_id, audience_id }: BroadcastInput): string | undefined {
  if (segment_id && audience_id && segment_id !== audience_id)
    throw invalid('`segment_id` and `audience_id` are two names of one field, and differ.', 'validation_error');
  return segment_id ?? audience_id ?? undefined;
}

async function templateOf({ template, html, text }: BroadcastInput, table: Table): Promise<CopiedTemplate | undefined> {
  if (!template) return undefined;
  if (html != null || text != null)
    throw invalid('Give either `template` or `html` and `text`, not both.', 'validation_error');
  return copyTemplate(table, template.id);
}

const mailbox = (text: string, field: string): string => formatMailbox(parseMailbox(text, field));

const mailboxes = (given: string | readonly string[] | null | undefined): string[] | undefined =>
  given == null ? undefined : [given].flat().map((one) => mailbox(one, 'reply_to'));
