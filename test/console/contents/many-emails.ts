import { parseEmail } from '../../../functions/core/email/email.ts';
import { listEntry, newRecord, recordKey } from '../../../functions/core/email/record.ts';
import { newId } from '../../../functions/core/ids.ts';
import type { Document, Table } from '../../../functions/core/ports/table.ts';

const AT_ONCE = 64;
const STATUSES = ['delivered', 'delivered', 'delivered', 'sent', 'bounced', 'failed'] as const;

/** Writes the records of so many emails, a second apart, the newest a day old; they have no bodies. */
export async function insertEmails(table: Table, count: number): Promise<void> {
  const nowMs = Date.now();
  const email = await parseEmail(
    { from: 'Shop <shop@example.com>', to: 'reader@example.org', subject: 'Weekly news', text: 'News' },
    nowMs,
  );
  const insert = (index: number) => {
    const createdAtMs = nowMs - 86_400_000 - 1_000 * index;
    const id = newId();
    const made = newRecord(
      { ...email, subject: `Weekly news ${index}` },
      { id, fingerprint: '', queue: 'bulk' },
      createdAtMs,
    );
    const record = { ...made, status: STATUSES[index % STATUSES.length] ?? 'sent' };
    return table.insert({ key: recordKey(id), fields: record as unknown as Document, list: listEntry(record) });
  };
  let next = 0;
  const work = async () => {
    while (next < count) await insert(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
