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

/** Accepting takes longer on the local DynamoDB. */
const MANY = onRedis ? 2_000 : 400;
/** Those in flight, one for each of the other's, and on Redis those until the consumer looks for new jobs. */
const MOST_BETWEEN = onRedis ? 160 : 60;

it("sends one customer's 10 emails among the first of the many that another queued before", async () => {
  const { data } = await sendoff.resend.apiKeys.create({ name: 'other' });
  const other = new Resend(data?.token ?? '', { baseUrl: sendoff.cloud.apiUrl });
  for (let batch = 0; batch < MANY / 100; batch++) await sendBatch(sendoff.resend, 'many', 100);
  await sendBatch(other, 'few', 10);
  // Counted from the answer on: how long an accept takes beside other programs is not of interest here.
  const sentBefore = caught('many').length;
  await expect.poll(() => caught('few').length, { interval: 20, timeout: 60_000 }).toBe(10);
  const between = caught('many').length - sentBefore;
  const rest = MANY - sentBefore;
  console.info(`${onRedis ? 'Redis' : 'SQS'}: ${between} of the ${rest} emails left were sent before the other's 10`);
  expect(between).toBeLessThan(MOST_BETWEEN);
}, 120_000);
