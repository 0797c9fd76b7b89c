import { Resend } from 'resend';
import { expect, it } from 'vitest';
import { onRedis } from './flows-backend.ts';
import { anEmail, running } from './running.ts';

/** What SES takes to answer. With the emails in flight that limits the rate. */
const sendoff = running({ ses: { latencyMs: 150 } });

/** Emails of the batches of a customer, by their subject. */
const caught = (subject: string) =>
  sendoff.cloud.ses.messages().filter(({ raw }) => raw.includes(`Subject: ${subject}\r\n`));

async function sendBatch(resend: Resend, subject: string, count: number): Promise<void> {
  const { error } = await resend.batch.send(Array.from({ length: count }, () => anEmail({ subject })) as never);
  expect(error).toBeNull();
}

it("sends one customer's 20 emails among the first of the 2,000 that another queued before", async () => {
  const { data } = await sendoff.resend.apiKeys.create({ name: 'other' });
  const other = new Resend(data?.token ?? '', { baseUrl: sendoff.cloud.apiUrl });
  for (let batch = 0; batch < 20; batch++) await sendBatch(sendoff.resend, 'many', 100);
  const sentBefore = caught('many').length;
  await sendBatch(other, 'few', 20);
  await expect.poll(() => caught('few').length, { interval: 20, timeout: 30_000 }).toBe(20);
  const between = caught('many').length - sentBefore;
  const rest = 2_000 - sentBefore;
  console.info(`${onRedis ? 'Redis' : 'SQS'}: ${between} of the ${rest} emails left were sent before the other's 20`);
  // Those in flight, and one for each of the other's.
  expect(between).toBeLessThan(0.08 * rest);
}, 60_000);
