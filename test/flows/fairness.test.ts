import { Resend } from 'resend';
import { expect, it } from 'vitest';
import { onRedis } from './flows-backend.ts';
import { anEmail, running } from './running.ts';

/** The time that SES takes to answer. With the emails in flight it limits the rate. */
const sendoff = running({ ses: { latencyMs: 150 } });

/** Whose batches the emails are that SES took, in its order, by their subject. */
const taken = () => sendoff.cloud.ses.messages().map(({ raw }) => (raw.includes('Subject: few\r\n') ? 'few' : 'many'));
const countOf = (subject: string, emails: readonly string[]) => emails.filter((one) => one === subject).length;

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
  const sentBefore = countOf('many', taken());
  await expect.poll(() => countOf('few', taken()), { interval: 20, timeout: 60_000 }).toBe(10);
  const sent = taken();
  const between = countOf('many', sent.slice(0, sent.lastIndexOf('few'))) - sentBefore;
  const rest = MANY - sentBefore;
  console.info(`${onRedis ? 'Redis' : 'SQS'}: ${between} of the ${rest} emails left were sent before the other's 10`);
  expect(between).toBeLessThan(MOST_BETWEEN);
}, 120_000);
