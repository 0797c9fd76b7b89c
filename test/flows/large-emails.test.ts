import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import { options } from '../../lib/config/options.ts';
import { peakMemoryMb, sendBatch, store } from '../helpers/large-emails.ts';
import { startSendoff } from '../helpers/start-sendoff.ts';

const email = (to: string, file?: string) => ({
  from: 'shop@example.com',
  to,
  subject: 'Your documents',
  text: 'Hello',
  ...(file === undefined ? {} : { attachments: [{ filename: 'documents.bin', content: file }] }),
});

it('sends a batch of ten emails of 10 MB within the memory of the function, and small ones first', async () => {
  const memoryMb = options.sendMemoryMb.default;
  const local = await startSendoff({});
  try {
    const file = randomBytes(7_200_000).toString('base64');
    const large = [];
    for (let index = 0; index < 8; index++) large.push(await store(local, email(`large-${index}@example.com`, file)));
    const small = await Promise.all([1, 2].map((index) => store(local, email(`small-${index}@example.com`))));
    await sendBatch(local, [...large, ...small]);
    // On a busy machine a late email comes back over the queue.
    const sent = await local.cloud.ses.waitForMessages(10);
    const order = sent.map(({ tags }) => tags[EMAIL_ID_TAG]);
    expect(new Set(order.slice(0, 2))).toEqual(new Set(small.map(({ id }) => id)));
    expect(order.toSorted()).toEqual([...large, ...small].map(({ id }) => id).toSorted());
    expect(local.cloud.function('SendFunction').stats().errors).toBe(0);
    expect(peakMemoryMb('SendFunction')).toBeLessThan(memoryMb);
  } finally {
    await local.cloud.close();
  }
}, 120_000);
