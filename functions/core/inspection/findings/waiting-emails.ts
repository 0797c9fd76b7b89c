import { timeSort } from '../../document/time-sort.ts';
import { EMAIL_PARTITION, type EmailRecord } from '../../email/record.ts';
import { isUnsent } from '../../email/status.ts';
import { count, duration } from '../../wording.ts';
import type { Finding, StateCheck } from './finding.ts';

/** The schedule gives an email a second job after a quarter of an hour, so a longer wait has another cause. */
const OVERDUE_MS = 30 * 60_000;
const LOOK_BACK_MS = 24 * 3_600_000;
const LOOKED_AT = 500;

/** Are there emails that should have been sent long ago? */
export const waitingEmails: StateCheck = {
  name: 'waiting emails',
  examine: async ({ table, nowMs, most }) => {
    const entries = await table.query({
      index: 'list',
      partition: EMAIL_PARTITION,
      order: 'descending',
      limit: most?.emails ?? LOOKED_AT,
      after: timeSort(nowMs - OVERDUE_MS, ''),
      before: timeSort(nowMs - LOOK_BACK_MS, ''),
    });
    const records = await table.getMany<EmailRecord>(
      entries.map(({ key }) => key),
      { mayLag: true },
    );
    const overdue = records.filter((record) => record && isOverdue(record, nowMs));
    if (overdue.length === 0)
      return [{ check: 'waiting emails', level: 'ok', text: `none for more than ${duration(OVERDUE_MS)}` }];
    return [
      {
        check: 'waiting emails',
        level: 'warning',
        text: `${count(overdue.length, 'email')} of the last day not sent ${duration(OVERDUE_MS)} after being due`,
        advice: `sendoff status ${overdue[0]?.id} says why`,
      } satisfies Finding,
    ];
  },
};

function isOverdue(record: EmailRecord, nowMs: number): boolean {
  return isUnsent(record) && (record.scheduledAtMs ?? record.createdAtMs) < nowMs - OVERDUE_MS;
}
