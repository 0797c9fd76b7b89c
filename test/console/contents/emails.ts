import type { EmptyDeployment } from '../empty-deployment.ts';
import { until } from '../until.ts';
import { hostileHtml } from './hostile-email.ts';

/** Emails that a test opens. */
export interface EmailContents {
  readonly delivered: string;
  readonly hostile: string;
  readonly scheduled: string;
  readonly bounced: string;
  readonly failed: string;
}

export const ORDER_SUBJECT = 'Your order 1042 is on its way';

const from = 'Shop <shop@example.com>';
/** A red dot. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mP8z8BQz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC';

const order = {
  from,
  to: ['Ada Lovelace <ada@example.org>', 'charles@example.org'],
  cc: 'orders@example.com',
  reply_to: 'help@example.com',
  subject: ORDER_SUBJECT,
  html: '<h1>Thank you, Ada</h1><p>Order <b>1042</b> is on its way. <a href="https://shop.example/orders/1042">Track it</a>.</p><p><img src="cid:dot" alt="Logo"> <img src="https://shop.example/open.gif" alt=""></p>',
  text: 'Thank you, Ada. Order 1042 is on its way.',
  headers: { 'X-Order': '1042' },
  tags: [
    { name: 'kind', value: 'order' },
    { name: 'shop', value: 'berlin' },
  ],
  attachments: [
    { filename: 'invoice-1042.txt', content: Buffer.from('Invoice 1042\nTotal: 84.00 EUR\n').toString('base64') },
    { filename: 'dot.png', content: PNG, content_type: 'image/png', content_id: 'dot' },
  ],
};

const plain = (to: string, subject: string) => ({ from, to, subject, html: `<p>${subject}</p>`, text: subject });

/** Sends emails that end in every state an operator meets. */
export async function fillEmails({ request, make, cloud }: EmptyDeployment): Promise<EmailContents> {
  const send = (body: object) => make('/emails', body);
  const ended = (id: string, event: string) =>
    until(async () => (await request('GET', `/emails/${id}`)).json.last_event === event);
  const others = Array.from({ length: 60 }, (_, index) => plain(`reader${index}@example.org`, `Weekly news ${index}`));
  await request('POST', '/emails/batch', others);
  const [hostile, bounced, scheduled] = await Promise.all([
    send({ ...plain('ada@example.org', 'You have won'), html: hostileHtml, text: 'You have won' }),
    send(plain('bounce@simulator.amazonses.com', 'Password reset')),
    send({ ...plain('bob@example.org', 'Your trial ends tomorrow'), scheduled_at: 'in 3 days' }),
    send(plain('complaint@simulator.amazonses.com', 'Our offers')),
  ]);
  const canceled = await send({ ...plain('carol@example.org', 'Never mind'), scheduled_at: 'in 2 days' });
  await request('POST', `/emails/${canceled}/cancel`, {});
  // The failure is for the next email alone.
  await until(async () => cloud.ses.sentCount >= others.length + 3);
  cloud.ses.failNext('MessageRejected');
  const failed = await send(plain('dora@example.org', 'Refused by SES'));
  await ended(failed, 'failed');
  const delivered = await send(order);
  await Promise.all([ended(delivered, 'delivered'), ended(bounced, 'bounced')]);
  return { delivered, hostile, scheduled, bounced, failed };
}
