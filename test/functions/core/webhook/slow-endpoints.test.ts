import { describe, expect, it } from 'vitest';
import { deliverWebhook } from '../../../../functions/core/webhook/delivery.ts';
import { changeWebhook, webhookKey } from '../../../../functions/core/webhook/endpoint.ts';
import { ANSWER_TIMEOUT_MS, PROMPT_MS } from '../../../../functions/core/webhook/slow-endpoints.ts';
import { delivered, type Posted, START_MS, setUp } from './delivering.ts';

const s = 1_000;
const h = 3_600 * s;
const ok = { status: 200, response: 'ok' };
const timedOut = ({ timeoutMs }: Posted) => ({ status: 0, response: `no answer in ${timeoutMs}`, timedOut: true });
/** An endpoint named `dead` never answers, one named `slow` within 15 s but not within 1.5 s, any other at once. */
const byName = (posted: Posted) => {
  if (posted.url.includes('dead') || (posted.url.includes('slow') && posted.timeoutMs < ANSWER_TIMEOUT_MS))
    return timedOut(posted);
  return ok;
};
const event = (index: number) => ({ ...delivered, eventId: `msg_${index}` });
const events = (count: number) => Array.from({ length: count }, (_, index) => event(index));

describe('an endpoint that does not answer promptly', () => {
  it('gets the full time at once, with the same attempt number, and both tries are recorded', async () => {
    const { add, publish, runUntil, posted, webhook, delivery } = await setUp(byName);
    await add('slow');
    await publish([delivered]);
    await runUntil();
    expect(posted.map(({ timeoutMs, atMs }) => [timeoutMs, atMs])).toEqual([
      [PROMPT_MS, START_MS],
      [ANSWER_TIMEOUT_MS, START_MS],
    ]);
    const [first, second] = posted;
    expect(second?.headers['svix-id']).toBe(first?.headers['svix-id']);
    const found = await delivery('slow');
    expect(found).toMatchObject({ status: 'success' });
    expect(found?.attempts.map(({ status, response }) => [status, response])).toEqual([
      [0, 'no answer in 1500'],
      [200, 'ok'],
    ]);
    expect(found?.attempts[0]).not.toHaveProperty('timedOut');
    expect(await webhook('slow')).toMatchObject({ status: 'enabled', slowSinceMs: START_MS });
    // Its next events use the slow queue from the start.
    await publish([event(2)]);
    await runUntil();
    expect(posted.map(({ timeoutMs }) => timeoutMs)).toEqual([PROMPT_MS, ANSWER_TIMEOUT_MS, ANSWER_TIMEOUT_MS]);
  });

  it('once, such as after a cold start, gets its other events without a wait', async () => {
    let calls = 0;
    const { add, publish, runUntil, posted } = await setUp((post) => (calls++ < 2 ? timedOut(post) : ok));
    await add('waking');
    await publish(events(2));
    await runUntil(START_MS);
    expect(posted.slice(2).map(({ headers }) => headers['svix-id'])).toEqual(['msg_0', 'msg_1']);
  });

  it('does not count as failing for that, and its retries keep their waits', async () => {
    const { add, publish, runUntil, posted, webhook, delivery } = await setUp(byName);
    await add('dead');
    await publish([delivered]);
    const state: unknown[] = [];
    await runUntil(START_MS);
    state.push((await webhook('dead'))?.failingSinceMs, await delivery('dead'));
    expect(state).toMatchObject([START_MS, { status: 'attempting', nextAttemptAtMs: START_MS + 5 * s }]);
    await runUntil();
    const waits = posted.map(({ atMs }, index) => (atMs - (posted[index - 1]?.atMs ?? START_MS)) / s);
    expect(waits).toEqual([0, 0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
    expect(await webhook('dead')).toMatchObject({ status: 'disabled' });
    expect(await delivery('dead')).toMatchObject({ status: 'failed' });
  });

  it('delays no other endpoint: its other jobs of a batch follow without an attempt', async () => {
    const { add, publish, runUntil, posted, clock } = await setUp(byName);
    await add('dead');
    await add('healthy');
    await publish(events(100));
    await runUntil(START_MS);
    const to = (name: string) => posted.filter(({ url }) => url.includes(name));
    expect(to('healthy')).toHaveLength(100);
    // Five of the first ten jobs are its own.
    expect(to('dead').map(({ timeoutMs }) => timeoutMs)).toEqual([
      ...Array(5).fill(PROMPT_MS),
      // They are tried once more; the first one without an answer makes the others wait.
      ...Array(5).fill(ANSWER_TIMEOUT_MS),
    ]);
    expect(clock.nowMs).toBe(START_MS);
  });

  it('is tried by one job at a time, and by none while it is paused', async () => {
    const { add, publish, runUntil, posted, webhook } = await setUp(byName);
    await add('dead');
    await publish([delivered]);
    await runUntil(START_MS);
    posted.length = 0;
    await publish(events(200));
    await runUntil(START_MS + h);
    const times = posted.map(({ atMs }) => atMs);
    expect(new Set(times).size).toBe(times.length);
    const pausesMs = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    expect(Math.min(...pausesMs)).toBeGreaterThanOrEqual(5 * s);
    expect(Math.max(...pausesMs)).toBeLessThanOrEqual(16 * 60 * s);
    expect((await webhook('dead'))?.pausedUntilMs).toBeGreaterThan(START_MS);
  });

  it('gets everything that it missed within the longest pause when it answers again, although none was tried', async () => {
    const backAtMs = START_MS + 3 * h;
    const { add, publish, runUntil, posted, webhook } = await setUp((one) =>
      one.atMs < backAtMs ? timedOut(one) : ok,
    );
    await add('dead');
    await publish(events(300));
    await runUntil(backAtMs + 17 * 60 * s);
    const received = posted.filter(({ atMs }) => atMs >= backAtMs);
    const ids = new Set(received.map(({ headers }) => headers['svix-id']));
    const triedBefore = new Set(posted.filter(({ atMs }) => atMs < backAtMs).map(({ headers }) => headers['svix-id']));
    for (const { eventId } of events(300)) expect(ids.has(eventId) || triedBefore.has(eventId)).toBe(true);
    await runUntil();
    expect(new Set(posted.filter(({ atMs }) => atMs >= backAtMs).map(({ headers }) => headers['svix-id'])).size).toBe(
      300,
    );
    expect(await webhook('dead')).not.toHaveProperty('pausedUntilMs');
    expect(await webhook('dead')).not.toHaveProperty('failingSinceMs');
  });

  it('is disabled after the time of all tries, although its many events share them', async () => {
    const { add, publish, runUntil, posted, webhook, backend, delivery } = await setUp(byName);
    await add('dead');
    await publish(events(150));
    await runUntil(START_MS + 27 * h);
    expect((await webhook('dead'))?.status).toBe('enabled');
    await runUntil(START_MS + 28 * h);
    expect(await webhook('dead')).toMatchObject({
      status: 'disabled',
      disabledReason: expect.stringMatching(/^Every attempt since .* has failed/),
    });
    await runUntil();
    expect(backend.waiting()).toEqual([]);
    expect(posted.length).toBeLessThan(150 * 8);
    expect((await delivery('dead', String(posted[0]?.headers['svix-id'])))?.status).toBe('failed');
  });

  it('does not delay a slow one that works, however many jobs wait for fifty dead ones', async () => {
    const { add, publish, runUntil, posted } = await setUp(byName);
    for (let index = 0; index < 49; index++) await add(`dead-${index}`);
    await add('slow');
    await publish(events(2));
    await runUntil(START_MS);
    posted.length = 0;
    await publish(events(20).map(({ eventId, ...more }) => ({ ...more, eventId: `${eventId}-more` })));
    await runUntil(START_MS + 25 * s);
    expect(posted.filter(({ url }) => url.includes('slow'))).toHaveLength(20);
    expect(posted.filter(({ url }) => url.includes('dead')).length).toBeLessThanOrEqual(2 * 49);
  });

  it('is prompt again after a prompt answer a minute later', async () => {
    let prompt = false;
    const { add, publish, runUntil, posted, webhook, clock } = await setUp((one) => (prompt ? ok : byName(one)));
    await add('slow');
    await publish([delivered]);
    await runUntil();
    prompt = true;
    clock.nowMs = START_MS + 59 * s;
    await publish([event(2)]);
    await runUntil();
    expect((await webhook('slow'))?.slowSinceMs).toBe(START_MS);
    clock.nowMs = START_MS + 60 * s;
    await publish([event(3)]);
    await runUntil();
    expect(await webhook('slow')).not.toHaveProperty('slowSinceMs');
    await publish([event(4)]);
    await runUntil();
    expect(posted.at(-1)?.timeoutMs).toBe(PROMPT_MS);
  });

  it('is tried at once by a replay, and by every event after its address was changed or it was enabled', async () => {
    const { add, publish, runUntil, posted, table, broker, webhook } = await setUp(byName);
    await add('dead');
    await publish([delivered]);
    await runUntil(START_MS);
    posted.length = 0;
    await deliverWebhook.delay({ webhookId: 'dead', eventId: 'msg_1', replay: true }, broker);
    await runUntil(START_MS);
    expect(posted.map(({ timeoutMs }) => timeoutMs)).toEqual([ANSWER_TIMEOUT_MS]);
    await changeWebhook(table, 'dead', { endpoint: 'https://healthy.example.com/' });
    expect(await webhook('dead')).not.toHaveProperty('slowSinceMs');
    expect(await webhook('dead')).not.toHaveProperty('pausedUntilMs');
    await table.update(webhookKey('dead'), { set: { slowSinceMs: 1, pausedUntilMs: 1 } });
    await changeWebhook(table, 'dead', { status: 'enabled' });
    expect(await webhook('dead')).not.toHaveProperty('slowSinceMs');
  });
});

describe('an endpoint that refuses at once', () => {
  it('is not slow, as it delays nobody', async () => {
    const { add, publish, runUntil, posted, webhook } = await setUp(() => ({ status: 0, response: 'ECONNREFUSED' }));
    await add('refusing');
    await publish(events(3));
    await runUntil(START_MS);
    expect(posted.map(({ timeoutMs }) => timeoutMs)).toEqual([PROMPT_MS, PROMPT_MS, PROMPT_MS]);
    expect(await webhook('refusing')).not.toHaveProperty('slowSinceMs');
  });
});

describe('a prompt endpoint', () => {
  it('costs one read and one write for each delivery', async () => {
    const { add, publish, runUntil, backend, table } = await setUp(byName);
    await add('healthy');
    await publish([{ ...delivered, emailId: undefined as never, subject: {} }]);
    const calls: string[] = [];
    for (const name of ['get', 'getMany', 'insert', 'update', 'delete', 'query'] as const) {
      const call = table[name] as (...args: unknown[]) => unknown;
      const noting = (...args: unknown[]) => {
        calls.push(name);
        return call(...args);
      };
      Object.assign(table, { [name]: noting });
    }
    await runUntil();
    expect(calls).toEqual(['getMany', 'insert']);
    expect(backend.waiting()).toEqual([]);
  });
});
