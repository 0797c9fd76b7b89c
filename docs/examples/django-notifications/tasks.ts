import { task } from 'sendoff/tasks';
import { z } from 'zod';

export const sendNotification = task(
  'notification.send',
  { args: z.object({ to: z.string(), order: z.string() }), retry: { attempts: 8 }, timeoutSeconds: 30 },
  async ({ to, order }, run) => {
    const { id } = await run.email.send(
      {
        from: 'Shop <shop@example.com>',
        to,
        subject: `Your order ${order}`,
        text: `Order ${order} is on its way.`,
      },
      { idempotencyKey: `notification-${run.id}` },
    );
    return { emailId: id };
  },
);
