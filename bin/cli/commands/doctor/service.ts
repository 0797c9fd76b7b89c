import { timeSort } from '../../../../functions/core/document/time-sort.ts';
import { EMAIL_PARTITION, type EmailRecord } from '../../../../functions/core/email/record.ts';
import { isUnsent } from '../../../../functions/core/email/status.ts';
import { output } from '../../deployment.ts';
import { count, duration } from '../../layout.ts';
import type { Check, Finding } from './finding.ts';

const HEALTH_TIMEOUT_MS = 10_000;
/** The schedule gives an email a second job after a quarter of an hour, so a longer wait has another cause. */
const OVERDUE_MS = 30 * 60_000;
const LOOK_BACK_MS = 24 * 3_600_000;
const LOOKED_AT = 500;

export const stack: Check = {
  name: 'stack',
  alsoLocal: false,
  examine: async ({ deployment: { stackName, status = 'unknown' } }) => [
    /^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)
      ? { check: 'stack', level: 'ok', text: `${stackName} is ${status}` }
      : {
          check: 'stack',
          level: /FAILED|ROLLBACK/.test(status) ? 'problem' : 'warning',
          text: `${stackName} is ${status}`,
          advice: 'the events of the stack in the CloudFormation console say why',
        },
  ],
};

export const api: Check = {
  name: 'api',
  alsoLocal: true,
  examine: async ({ deployment }) => {
    const url = `${output(deployment, 'ApiUrl')}/health`;
    const startedAtMs = performance.now();
    const { status } = await fetch(url, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
    if (status === 200)
      return [{ check: 'api', level: 'ok', text: `answers in ${duration(performance.now() - startedAtMs)}` }];
    const advice = 'its log: sendoff tail --since 1h --only api --level error';
    return [{ check: 'api', level: 'problem', text: `GET /health answers ${status}`, advice }];
  },
};

export const deadLetters: Check = {
  name: 'dead letters',
  alsoLocal: true,
  examine: async ({ backend }) => {
    const depths = await (await (await backend()).inspection()).depths();
    const { waiting = 0, running = 0 } = depths.find(({ queue }) => queue === 'dead letters') ?? {};
    const total = waiting + running;
    if (total === 0) return [{ check: 'dead letters', level: 'ok', text: 'none' }];
    return [
      {
        check: 'dead letters',
        level: 'problem',
        text: `${count(total, 'job')} that no worker could handle`,
        advice: 'sendoff dead-letters list; when the cause is fixed: sendoff dead-letters redrive --all',
      },
    ];
  },
};

export const waitingEmails: Check = {
  name: 'waiting emails',
  alsoLocal: true,
  examine: async ({ backend, nowMs }) => {
    const { table } = await backend();
    const entries = await table.query({
      index: 'list',
      partition: EMAIL_PARTITION,
      order: 'descending',
      limit: LOOKED_AT,
      after: timeSort(nowMs - OVERDUE_MS, ''),
      before: timeSort(nowMs - LOOK_BACK_MS, ''),
    });
    const records = await table.getMany<EmailRecord>(entries.map(({ key }) => key));
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
