import { describe, expect, it } from 'vitest';
import { type EmailRecord, recordKey } from '../../functions/core/email/record.ts';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import { SENDING_KEY, type SendingState } from '../../functions/core/pacing/sending-state.ts';
import { onRedis } from './flows-backend.ts';
import { anEmail, running } from './running.ts';

const sendoff = running();
const patience = { timeout: 20_000 };

const recordOf = (id: string) => sendoff.table.get<EmailRecord>(recordKey(id));
const stateNow = () => sendoff.table.get<SendingState>(SENDING_KEY);
const isSent = (id: string) => sendoff.cloud.ses.messages().some(({ tags }) => tags[EMAIL_ID_TAG] === id);
const post = async () => (await sendoff.request('POST', '/emails', anEmail())).json.id as string;

/** Lets the next worker see this state of the account, as after a minute: it has a new process and no cache. */
async function aMinuteLater(set: Partial<SendingState>): Promise<void> {
  await sendoff.table.update(SENDING_KEY, { set });
  sendoff.cloud.function(onRedis ? 'RedisConsumer' : 'SendFunction').kill();
}

describe('the rate of SES', () => {
  it('is kept by all workers together: SES throttles none', async () => {
    sendoff.cloud.ses.set({ sendRatePerSecond: 5 });
    await sendoff.table.update(SENDING_KEY, { set: { readAtMs: 0 } });
    const batch = Array.from({ length: 14 }, () => anEmail());
    const { json } = await sendoff.request('POST', '/emails/batch', batch);
    const alone = await post();
    const ids = [alone, ...json.data.map(({ id }: { id: string }) => id)];
    await sendoff.cloud.idle();
    expect(ids.filter(isSent)).toHaveLength(15);
    // A throttle would have slowed the clock down.
    expect(await sendoff.table.get('slots#ses')).toEqual({ freeAtMs: expect.any(Number) });
    const records = await Promise.all(ids.map(recordOf));
    expect(records.map((record) => [record?.attempts, record?.deferred])).toEqual(ids.map(() => [1, undefined]));
    sendoff.cloud.ses.set({ sendRatePerSecond: undefined });
  }, 60_000);
});

describe('an account that does not send', () => {
  it('holds emails without an attempt until one email is taken', async () => {
    sendoff.cloud.ses.set({ sendingEnabled: false });
    await aMinuteLater({});
    const waiting = await post();
    await expect.poll(async () => (await recordOf(waiting))?.deferred?.count, patience).toBe(1);
    expect(await stateNow()).toMatchObject({ held: 'paused', heldReason: expect.stringContaining('does not send') });
    expect(await recordOf(waiting)).toMatchObject({ status: 'queued', attempts: 0 });
    const { json } = await sendoff.request('GET', `/emails/${waiting}/events`);
    expect(json.data.at(-1)).toMatchObject({ type: 'email.deferred', count: 1 });

    sendoff.cloud.ses.set({ sendingEnabled: true });
    await aMinuteLater({ probeAtMs: 0 });
    const probe = await post();
    await expect.poll(() => isSent(probe), patience).toBe(true);
    await expect.poll(async () => (await stateNow())?.held, patience).toBeUndefined();
    expect((await recordOf(waiting))?.attempts).toBe(0);
  }, 60_000);

  it('sends again when the quota of 24 hours has room', async () => {
    sendoff.cloud.ses.set({ maxSend24Hours: 1 });
    await aMinuteLater({});
    const waiting = await post();
    await expect.poll(async () => (await stateNow())?.held, patience).toBe('quota');
    await expect.poll(async () => (await recordOf(waiting))?.status, patience).toBe('queued');
    expect((await recordOf(waiting))?.attempts).toBe(0);

    sendoff.cloud.ses.set({ maxSend24Hours: undefined });
    await aMinuteLater({ readAtMs: 0 });
    const next = await post();
    await expect.poll(() => isSent(next), patience).toBe(true);
    expect((await stateNow())?.held).toBeUndefined();
  }, 60_000);
});
