import { z } from 'zod';
import { cron, DoNotRetry, task } from '../../../functions/tasks/tasks.ts';

/** Succeeds, with two steps. */
export const monthlyReport = task(
  'report.monthly',
  { args: z.object({ month: z.string() }) },
  async ({ month }, run) => {
    const rows = await run.step('read orders', () => [120, 87, 240]);
    const sum = await run.step('add up', () => rows.reduce((total, row) => total + row, 0));
    run.progress(2, 2);
    return { month, sum };
  },
);

/** Fails for good. */
export const chargeInvoice = task(
  'invoice.charge',
  { args: z.object({ invoice: z.string() }) },
  async ({ invoice }) => {
    throw new DoNotRetry(`The card of ${invoice} was declined`);
  },
);

/** Runs only when it is due. */
export const dailyDigest = cron('digest.daily', '0 6 * * *', { timeZone: 'Europe/Berlin' }, async () => 'sent');
