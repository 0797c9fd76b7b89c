import type { Contact } from '../../../../functions/core/audience/contact.ts';
import { csvLine } from '../../../../functions/core/audience/import/csv.ts';
import { listProperties } from '../../../../functions/core/audience/properties.ts';
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
  const keys = (await listProperties(table)).map(({ key }) => key).sort();
  const asJson = json || format === 'jsonl';
  const lineOf = asJson ? jsonLine : (contact: Contact) => csvLine(cellsOf(contact, keys));
  if (!asJson) write(context, csvLine(['email', 'first_name', 'last_name', 'unsubscribed', ...keys, 'created_at']));
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

const cellsOf = (contact: Contact, keys: readonly string[]) => [
  contact.email,
  contact.firstName,
  contact.lastName,
  contact.unsubscribed,
  ...keys.map((key) => (Object.hasOwn(contact.properties, key) ? contact.properties[key] : undefined)),
  iso(contact.createdAtMs),
];

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
