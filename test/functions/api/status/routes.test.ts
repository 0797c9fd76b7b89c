import { describe, expect, it } from 'vitest';
import { SENDING_KEY } from '../../../../functions/core/pacing/sending-state.ts';
import type { InspectedQueue, QueueDepth } from '../../../../functions/core/ports/inspection.ts';
import { type ApiClient, createApiClient, SENDING_KEY as SENDING_ONLY } from '../../../helpers/api-client.ts';

const depth = (queue: InspectedQueue, waiting: number, more = {}): QueueDepth => ({
  queue,
  waiting,
  running: 0,
  delayed: 0,
  ...more,
});
const empty = { waiting: 0, running: 0, delayed: 0 };

async function setUp(depths: readonly QueueDepth[], ages: Record<string, number> | Error = {}) {
  const asked: (readonly string[])[] = [];
  let looks = 0;
  const operations = {
    inspection: async () => ({
      depths: async () => {
        looks++;
        return [...depths];
      },
      deadLetters: { count: async () => 0, async *pages() {}, find: async () => undefined },
    }),
    series: {
      read: () => Promise.reject(new Error()),
      ages: async (queues: readonly InspectedQueue[]) => {
        asked.push(queues);
        if (ages instanceof Error) throw ages;
        return new Map(queues.flatMap((queue) => (ages[queue] === undefined ? [] : [[queue, ages[queue]] as const])));
      },
    },
  };
  const keepStatus = { queuesMs: 10_000, findingsMs: 60_000 };
  const client = await createApiClient(undefined, { operations, keepStatus });
  return { client, asked, looks: () => looks, status: async () => (await client.ask('GET', '/status')).body };
}

const sendingState = (client: ApiClient, more: object = {}) =>
  client.backend.table.insert({
    key: SENDING_KEY,
    fields: { readAtMs: client.clock.nowMs, ratePerSecond: 14, max24Hours: 50_000, sent24Hours: 12.4, ...more },
  });

describe('GET /status', () => {
  it('tells of sending, queues and what is wrong', async () => {
    const { client, status } = await setUp([
      depth('transactional', 3, { oldestMs: 2_400 }),
      depth('bulk', 0),
      depth('dead letters', 1, { oldestMs: 0 }),
    ]);
    await sendingState(client);
    expect(await status()).toEqual({
      object: 'status',
      at: new Date(client.clock.nowMs).toISOString(),
      sending: { held: false, reason: null, since: null, rate_per_second: 14, quota_24h: 50_000, used_24h: 12 },
      queues: [
        { ...empty, name: 'transactional', waiting: 3, oldest_seconds: 2 },
        { ...empty, name: 'bulk', oldest_seconds: null },
        { ...empty, name: 'dead letters', waiting: 1, oldest_seconds: 0 },
      ],
      findings: [
        { check: 'sending', level: 'ok', text: expect.stringContaining('14 recipients a second'), advice: null },
        {
          check: 'dead letters',
          level: 'problem',
          text: '1 job that no worker could handle',
          advice: expect.stringContaining('redrive'),
        },
        { check: 'waiting emails', level: 'ok', text: expect.any(String), advice: null },
        { check: 'broadcasts', level: 'ok', text: expect.any(String), advice: null },
      ],
    });
  });

  it('knows no numbers before SES was asked, and says why and since when nothing is sent', async () => {
    const { client, status } = await setUp([]);
    expect((await status()).sending).toEqual({
      ...{ held: false, reason: null, since: null },
      ...{ rate_per_second: null, quota_24h: null, used_24h: null },
    });
    const heldSinceMs = client.clock.nowMs - 60_000;
    await sendingState(client, { held: 'paused', heldSinceMs, heldReason: 'Sending paused', max24Hours: -1 });
    client.clock.nowMs += 10_000;
    const { sending, findings } = await status();
    expect(sending).toMatchObject({
      ...{ held: true, reason: 'Sending paused', since: new Date(heldSinceMs).toISOString(), quota_24h: null },
    });
    expect(findings[0]).toMatchObject({ check: 'sending', level: 'problem' });
  });

  it('asks CloudWatch for the ages that SQS does not tell, of queues with jobs alone', async () => {
    const { asked, status } = await setUp([depth('bulk', 2), depth('webhook', 0), depth('feedback', 1)], { bulk: 90 });
    const { queues } = await status();
    expect(queues.map(({ oldest_seconds }: { oldest_seconds: number }) => oldest_seconds)).toEqual([90, null, null]);
    expect(asked).toEqual([['bulk', 'feedback']]);
  });

  it('is as good without ages, if CloudWatch refuses', async () => {
    const { client, status } = await setUp([depth('bulk', 2)], new Error('AccessDenied'));
    expect((await status()).queues).toEqual([{ ...empty, name: 'bulk', waiting: 2, oldest_seconds: null }]);
    expect(client.logged.map(({ message }) => message)).toEqual(['ages of queues not known']);
  });

  it('looks at the queues again only after a while', async () => {
    const { client, looks, status } = await setUp([depth('bulk', 2)]);
    await Promise.all([status(), status()]);
    client.clock.nowMs += 9_999;
    await status();
    expect(looks()).toBe(1);
    client.clock.nowMs += 1;
    await status();
    expect(looks()).toBe(2);
  });

  it('is not for keys that may only send', async () => {
    const { client } = await setUp([]);
    const { status } = await client.ask('GET', '/status', undefined, { authorization: `Bearer ${SENDING_ONLY}` });
    expect(status).toBe(401);
  });
});
