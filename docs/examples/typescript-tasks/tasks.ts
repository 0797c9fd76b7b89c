import { cron, DoNotRetry, task } from 'sendoff/tasks';
import { z } from 'zod';
import { customersAfter, orderOf } from './shop.ts';

const PAGE = 1_000;
const PAGES_OF_AN_ATTEMPT = 300;

/** Sends the confirmation of an order, once. */
export const confirmOrder = task(
  'order.confirm',
  { args: z.object({ order: z.string() }), retry: { attempts: 8 }, rateLimit: { perSecond: 20 } },
  async ({ order }, run) => {
    const found = await run.step('load order', () => orderOf(order));
    if (!found) throw new DoNotRetry(`there is no order ${order}`);
    const { id } = await run.email.send(
      {
        from: `${process.env.SHOP_NAME} <orders@example.com>`,
        to: found.email,
        subject: `Your order ${order}`,
        html: `<p>Thank you, ${found.name}.</p>`,
      },
      { idempotencyKey: `confirm-${run.id}` },
    );
    return { emailId: id };
  },
);

/** Walks a table of a million rows: each attempt goes on where the last one stopped. */
export const countCustomers = task(
  'customers.count',
  { args: z.object({ after: z.number(), done: z.number() }), timeoutSeconds: 840 },
  async ({ after, done }, run) => {
    for (let page = 0; page < PAGES_OF_AN_ATTEMPT && !run.signal.aborted; page++) {
      const customers = await customersAfter(after, PAGE);
      const last = customers.at(-1);
      if (last === undefined) return { customers: done };
      after = last;
      done += customers.length;
      run.progress(done, 1_000_000);
    }
    return run.continue({ after, done });
  },
);

/** Every Monday at six. */
export const report = cron('report.weekly', '0 6 * * MON', { timeZone: 'Europe/Berlin' }, async (run) => {
  run.log.info('a week has passed', { tick: run.tick?.toISOString() });
});
