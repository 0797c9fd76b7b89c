import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { onRedis } from './flows-backend.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { anEmail, running } from './running.ts';

/** Emails of the measurement; more for times that can be compared. */
const EMAILS = Number(process.env.WEBHOOK_EMAILS ?? 10);

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
/** Starts this many receivers that never answer, and creates an endpoint for each. */
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

/** The attempts at an endpoint that have ended, in the order in which they began. */
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

/** Sends this many emails; answers the times until a path received half of their events, and the last, in ms. */
async function receiveAll(count: number, path: string): Promise<{ halfMs: number; lastMs: number }> {
  const startedAtMs = performance.now();
  const ids: string[] = [];
  const heardAtMs: number[] = [];
  for (let done = 0; done < count; done += 50) {
    const batch = Array.from({ length: Math.min(50, count - done) }, () => anEmail());
    const { json } = await sendoff.request('POST', '/emails/batch', batch);
    ids.push(...json.data.map(({ id }: { id: string }) => id));
  }
  const received = ids.map(async (id) => {
    await receiver.waitFor((one) => one.path === path && one.event.data.email_id === id);
    heardAtMs.push(performance.now() - startedAtMs);
  });
  await Promise.all(received);
  return { halfMs: heardAtMs[Math.floor(count / 2)] ?? 0, lastMs: heardAtMs.at(-1) ?? 0 };
}

describe('an endpoint that works', () => {
  it('gets every event although a dozen others do not answer any more: each of those has one attempt at a time once it is paused', async () => {
    await createHook(receiver.url.replace(/hook$/, 'healthy'), ['email.delivered']);
    const ids = await createDead(12);
    await receiveAll(30, '/healthy');
    // The first attempts at its events were cut short; all other events but one followed without an attempt.
    await expect.poll(async () => (await attemptsAt(ids[0] ?? '')).length, { timeout: 40_000 }).toBeGreaterThan(1);
    for (const id of ids) {
      const whole = (await attemptsAt(id)).filter(({ response }) => response !== 'no answer within 1.5 s');
      // The first that ends without an answer pauses the endpoint; until then others may have begun.
      const pausedAtMs = Math.min(...whole.map(({ endMs }) => endMs));
      const paused = whole.filter(({ startMs }) => startMs >= pausedAtMs);
      for (const [index, { startMs }] of paused.entries())
        expect(startMs).toBeGreaterThanOrEqual(paused[index - 1]?.endMs ?? 0);
    }
    // Events whose attempt was cut short were delivered again, with the same id.
    const [one] = dead;
    const repeated = () => {
      const receivedIds = one?.received.map(({ headers }) => headers['svix-id']) ?? [];
      return receivedIds.length - new Set(receivedIds).size;
    };
    await expect.poll(repeated, { timeout: 20_000 }).toBeGreaterThan(0);
  }, 120_000);

  it('gets every event beside fifty dead ones (the times are only printed)', async () => {
    await createHook(receiver.url.replace(/hook$/, 'measured'), ['email.delivered']);
    await receiveAll(2, '/measured');
    const alone = await receiveAll(EMAILS, '/measured');
    await createDead(49);
    await receiveAll(1, '/measured');
    const beside = await receiveAll(EMAILS, '/measured');
    const ratio = (name: 'halfMs' | 'lastMs') => (beside[name] / alone[name]).toFixed(1);
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
    const times = ({ halfMs, lastMs }: typeof alone) => `half ${seconds(halfMs)}, last ${seconds(lastMs)}`;
    console.info(
      `${EMAILS} emails, ${onRedis ? 'redis' : 'aws'}: alone ${times(alone)}; beside 49 endpoints that never answer ${times(beside)}; ratio ${ratio('halfMs')} and ${ratio('lastMs')}`,
    );
  }, 120_000);
});

describe('an endpoint', () => {
  it('gets the events of every email that was accepted after its creation, even if another was sent just before (20 times)', async () => {
    const events = ['email.sent', 'email.delivered'];
    const received: Promise<unknown>[] = [];
    // The functions that deliver events are running and know the first one.
    await createHook(receiver.url, events);
    const first = await send();
    await receiver.waitFor(({ event }) => event.type === 'email.delivered' && event.data.email_id === first);
    for (let times = 0; times < 20; times++) {
      await createHook(receiver.url.replace(/hook$/, `fresh-${times}`), events);
      const emailId = await send();
      for (const type of events)
        received.push(
          receiver.waitFor(
            ({ path, event }) => path === `/fresh-${times}` && event.type === type && event.data.email_id === emailId,
          ),
        );
    }
    await Promise.all(received);
  }, 60_000);
});
