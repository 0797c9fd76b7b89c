import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { onRedis } from './flows-backend.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { anEmail, running } from './running.ts';

/** Of the measurement. */
const EMAILS = 30;

const sendoff = running();
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver?.close());

async function send(): Promise<string> {
  const { json } = await sendoff.request('POST', '/emails', anEmail());
  return json.id;
}

async function createHook(endpoint: string, events: string[]): Promise<string> {
  const { status, json } = await sendoff.request('POST', '/webhooks', { endpoint, events });
  expect(status).toBe(201);
  return json.id;
}

const dead: Receiver[] = [];
/** Starts so many receivers that never answer, and makes an endpoint of each. */
async function createDead(count: number): Promise<string[]> {
  const receivers = await Promise.all(Array.from({ length: count }, startReceiver));
  dead.push(...receivers);
  for (const one of receivers) one.answer = 'hang';
  const ids: string[] = [];
  for (const { url } of receivers) ids.push(await createHook(url, ['email.delivered']));
  return ids;
}

afterEach(async () => {
  const { json } = await sendoff.request('GET', '/webhooks?limit=100');
  for (const { id } of json.data) await sendoff.request('DELETE', `/webhooks/${id}`);
  await Promise.all(dead.splice(0).map((one) => one.close()));
});

interface Attempt {
  readonly startMs: number;
  readonly endMs: number;
  readonly response: string;
}

/** Every attempt at an endpoint that has ended, in the order of their beginnings. */
async function attemptsAt(webhookId: string): Promise<Attempt[]> {
  const { json: events } = await sendoff.request('GET', `/webhooks/${webhookId}/events?limit=100`);
  const attempts: Attempt[] = [];
  for (const { id } of events.data) {
    const { json } = await sendoff.request('GET', `/webhooks/${webhookId}/events/${id}/attempts`);
    for (const { sent_at, duration_ms, response } of json.data) {
      const startMs = Date.parse(sent_at);
      attempts.push({ startMs, endMs: startMs + duration_ms, response });
    }
  }
  return attempts.sort((one, other) => one.startMs - other.startMs);
}

/** Sends so many emails; answers how long it took until a path had heard of half of them and of the last, in ms. */
async function hearAll(count: number, path: string): Promise<{ halfMs: number; lastMs: number }> {
  const startedAtMs = performance.now();
  const ids: string[] = [];
  const heardAtMs: number[] = [];
  for (let done = 0; done < count; done += 50) {
    const batch = Array.from({ length: Math.min(50, count - done) }, () => anEmail());
    const { json } = await sendoff.request('POST', '/emails/batch', batch);
    ids.push(...json.data.map(({ id }: { id: string }) => id));
  }
  const heard = ids.map(async (id) => {
    await receiver.waitFor((one) => one.path === path && one.event.data.email_id === id);
    heardAtMs.push(performance.now() - startedAtMs);
  });
  await Promise.all(heard);
  return { halfMs: heardAtMs[Math.floor(count / 2)] ?? 0, lastMs: heardAtMs.at(-1) ?? 0 };
}

describe('an endpoint that works', () => {
  it('hears of everything although a dozen others just died: each of those is waited for by one attempt at a time', async () => {
    await createHook(receiver.url.replace(/hook$/, 'healthy'), ['email.delivered']);
    const ids = await createDead(12);
    await hearAll(30, '/healthy');
    // The first attempts at its 30 events were cut short, all but one followed without an attempt.
    await expect.poll(async () => (await attemptsAt(ids[0] ?? '')).length, { timeout: 40_000 }).toBeGreaterThan(1);
    for (const id of ids) {
      const whole = (await attemptsAt(id)).filter(({ response }) => response !== 'no answer within 1.5 s');
      for (const [index, { startMs }] of whole.entries())
        expect(startMs).toBeGreaterThanOrEqual(whole[index - 1]?.endMs ?? 0);
    }
    // What was cut short was told again, under the same id.
    const [one] = dead;
    const repeated = () => {
      const heardIds = one?.received.map(({ headers }) => headers['svix-id']) ?? [];
      return heardIds.length - new Set(heardIds).size;
    };
    await expect.poll(repeated, { timeout: 20_000 }).toBeGreaterThan(0);
  }, 120_000);

  it('hears of everything beside fifty dead ones (the times are printed, and judge nothing)', async () => {
    await createHook(receiver.url.replace(/hook$/, 'measured'), ['email.delivered']);
    await hearAll(2, '/measured');
    const alone = await hearAll(EMAILS, '/measured');
    await createDead(49);
    await hearAll(1, '/measured');
    const beside = await hearAll(EMAILS, '/measured');
    const ratio = (name: 'halfMs' | 'lastMs') => (beside[name] / alone[name]).toFixed(1);
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
    const times = ({ halfMs, lastMs }: typeof alone) => `half ${seconds(halfMs)}, last ${seconds(lastMs)}`;
    console.info(
      `${EMAILS} emails, ${onRedis ? 'redis' : 'aws'}: alone ${times(alone)}; beside 49 endpoints that never answer ${times(beside)}; ratio ${ratio('halfMs')} and ${ratio('lastMs')}`,
    );
  }, 120_000);
});

describe('an endpoint', () => {
  it('hears of every email accepted after it was made, though another went out just before (20 times)', async () => {
    const events = ['email.sent', 'email.delivered'];
    const heard: Promise<unknown>[] = [];
    // The functions that tell endpoints are at work and know the first one.
    await createHook(receiver.url, events);
    const first = await send();
    await receiver.waitFor(({ event }) => event.type === 'email.delivered' && event.data.email_id === first);
    for (let times = 0; times < 20; times++) {
      await createHook(receiver.url.replace(/hook$/, `fresh-${times}`), events);
      const emailId = await send();
      for (const type of events)
        heard.push(
          receiver.waitFor(
            ({ path, event }) => path === `/fresh-${times}` && event.type === type && event.data.email_id === emailId,
          ),
        );
    }
    await Promise.all(heard);
  }, 60_000);
});
