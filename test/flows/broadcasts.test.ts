import PostalMime from 'postal-mime';
import { expect, it } from 'vitest';
import { contactId } from '../../functions/core/audience/contact.ts';
import { upsertContacts } from '../../functions/core/audience/contacts.ts';
import { addMembers } from '../../functions/core/audience/membership.ts';
import { createWriters } from '../../functions/core/document/writers.ts';
import { shortVisibility } from '../helpers/short-visibility.ts';
import { onRedis } from './flows-backend.ts';
import { running } from './running.ts';

/** `npm run test:crashes` sends to more. */
const COUNT = Number(process.env.BROADCAST_RECIPIENTS ?? 150);
/** One of this many calls of the workers kills its process; so often at most. */
const CALLS_PER_KILL = 130;
const MOST_KILLS = Math.ceil(COUNT / 150);

/** The name that a stranger typed. */
const HOSTILE = '{{{EMAIL}}}<b>\r\nBcc: x@example.com';

const sendoff = running({
  ...(onRedis ? {} : { overrides: shortVisibility }),
  config: { maxReceiveCount: '100' },
  ses: { sendRatePerSecond: 200, latencyMs: 30 },
});

/** Creates a segment with so many contacts; answers its id. */
async function createSegment(): Promise<string> {
  const { json } = await sendoff.request('POST', '/segments', { name: 'Everybody' });
  const addresses = Array.from({ length: COUNT }, (_, index) => `reader-${index}@example.org`);
  const { table } = sendoff;
  const contacts = addresses.map((email, index) => ({ email, firstName: index === 0 ? HOSTILE : 'Ann' }));
  await upsertContacts({ table, publish: async () => {}, now: Date.now }, contacts);
  await addMembers({ table, asWriter: createWriters(Date.now) }, json.id, addresses.map(contactId), Date.now());
  return json.id;
}

it(`sends a broadcast to each of ${COUNT} contacts once although workers are killed at random`, async () => {
  const segment = await createSegment();
  const { json: broadcast } = await sendoff.request('POST', '/broadcasts', {
    segment_id: segment,
    from: 'News <news@example.com>',
    subject: 'Hello {{{FIRST_NAME|you}}}',
    html: '<p>News for {{{FIRST_NAME|you}}}</p>',
  });
  let [calls, kills] = [0, 0];
  const hit = () => {
    const hits = ++calls % CALLS_PER_KILL === 0 && kills < MOST_KILLS;
    if (hits) kills++;
    return hits;
  };
  // The cloud can fail the calls to SES of the consumers of Redis only.
  const [functionName, services] = onRedis ? ['RedisConsumer', ['ses']] : ['SendFunction', ['ses', 'dynamodb', 'sqs']];
  const faults = services.map((service) =>
    sendoff.cloud.faults.add({
      service,
      action: '*',
      functionName,
      match: hit,
      when: 'after',
      effect: { kind: 'kill' },
    }),
  );
  await sendoff.request('POST', `/broadcasts/${broadcast.id}/send`, {});
  const status = async () => (await sendoff.request('GET', `/broadcasts/${broadcast.id}`)).json;
  const startedAtMs = Date.now();
  let seen = await status();
  while (seen.status !== 'sent' && Date.now() - startedAtMs < 100_000) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    seen = await status();
  }
  for (const fault of faults) fault.remove();
  const messages = sendoff.cloud.ses.messages();
  const times = Map.groupBy(
    messages,
    ({
      envelope: {
        to: [to],
      },
    }) => to,
  );
  const twice = [...times.values()].filter(({ length }) => length > 1).length;
  const seconds = (Date.now() - startedAtMs) / 1_000;
  console.info(
    `sent ${times.size}, twice ${twice}, lost ${COUNT - times.size}, workers killed ${kills}, ${seconds.toFixed(1)} s`,
    seen.progress,
  );
  expect({ status: seen.status, sent: times.size, twice }).toEqual({ status: 'sent', sent: COUNT, twice: 0 });
  expect(kills).toBeGreaterThan(0);
  const rawOf = (address: string) => String(times.get(address)?.[0]?.raw);
  const message = rawOf('reader-1@example.org');
  expect(message).toMatch(/^Subject: Hello Ann\r$/m);
  const hostile = await PostalMime.parse(rawOf('reader-0@example.org'));
  expect(hostile.subject).toBe('Hello {{{EMAIL}}}<b> Bcc: x@example.com');
  expect(hostile.html).toContain('News for {{{EMAIL}}}&lt;b&gt;');
  expect(hostile.bcc).toBeUndefined();
  expect(message).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
  // Not `sent`: these functions live for 6 s, so that what a killed one has not counted is left to the recount.
  expect(seen.progress).toMatchObject({ total: COUNT });
}, 150_000);
