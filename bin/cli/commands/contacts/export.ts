import type { Contact } from '../../../../functions/core/audience/contact.ts';
import { exportHeader, exportKeys, exportRow } from '../../../../functions/core/audience/export.ts';
import { iso } from '../../../../functions/core/iso-time.ts';
import type { Context } from '../../context.ts';
import { CliError, exitCodes } from '../../errors.ts';
import { segmentIdOf, segmentsOf } from '../../segment.ts';
import { contactPages } from './list.ts';

export interface ExportOptions {
  readonly segment?: string;
  readonly format: 'csv' | 'jsonl';
}

/** `contacts export`: writes each page as it is read. In CSV, text that a spreadsheet would calculate begins with an apostrophe. */
export async function exportContacts(context: Context, { segment, format }: ExportOptions): Promise<void> {
  const { terminal, json } = context;
  const { table } = await context.backend();
  const signal = terminal.interruption();
  const segmentId = segment === undefined ? undefined : await segmentIdOf(segmentsOf(table), segment);
  const keys = await exportKeys(table);
  const asJson = json || format === 'jsonl';
  const lineOf = asJson ? jsonLine : (contact: Contact) => exportRow(contact, keys);
  if (!asJson) write(context, exportHeader(keys));
  let written = 0;
  for await (const page of contactPages(table, segmentId)) {
    if (signal.aborted) throw new CliError(`Stopped after ${written} contacts.`, exitCodes.interrupted);
    if (page.length > 0) write(context, page.map(lineOf).join(''));
    written += page.length;
    terminal.progress(`${written.toLocaleString('en')} contacts …`);
  }
}

/** The terminal adds the last line feed. */
const write = ({ terminal }: Context, lines: string): void => terminal.out(lines.slice(0, -1));

const jsonLine = ({ id, email, firstName, lastName, unsubscribed, properties, createdAtMs }: Contact): string =>
  `${JSON.stringify({
    id,
    email,
    first_name: firstName ?? null,
    last_name: lastName ?? null,
    unsubscribed,
    properties,
    created_at: iso(createdAtMs),
  })}\n`;
