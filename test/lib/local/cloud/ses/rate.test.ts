import { GetSendQuotaCommand, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { describe, expect, it } from 'vitest';
import { createSendLimits } from '../../../../../lib/local/cloud/ses/rate.ts';
import { rawMessage, startSes } from './ses-server.ts';

const rateExceeded = 'Maximum sending rate exceeded.';
const quotaExceeded = 'Daily message quota exceeded.';

function limitsAt(startMs: number) {
  const clock = { nowMs: startMs };
  return { clock, limits: createSendLimits(() => clock.nowMs) };
}

describe('send rate', () => {
  it('lets one second of recipients through at once, then one per slot', () => {
    const { clock, limits } = limitsAt(0);
    limits.set({ ratePerSecond: 10 });
    for (let recipient = 0; recipient < 10; recipient++) limits.take(1);
    expect(() => limits.take(1)).toThrow(rateExceeded);
    clock.nowMs += 99;
    expect(() => limits.take(1)).toThrow(rateExceeded);
    clock.nowMs += 1;
    limits.take(1);
    expect(() => limits.take(1)).toThrow(rateExceeded);
  });

  it('saves up no more than the burst that is set', () => {
    const { clock, limits } = limitsAt(0);
    limits.set({ ratePerSecond: 10, burst: 2 });
    clock.nowMs += 60_000;
    limits.take(1);
    limits.take(1);
    expect(() => limits.take(1)).toThrow(rateExceeded);
    clock.nowMs += 100;
    limits.take(1);
  });

  it('passes a message to five at one a second and refuses the next five seconds', () => {
    const { clock, limits } = limitsAt(0);
    limits.set({ ratePerSecond: 1 });
    limits.take(5);
    clock.nowMs += 4_999;
    expect(() => limits.take(1)).toThrow(rateExceeded);
    clock.nowMs += 1;
    limits.take(1);
  });

  it('never saves up more than a second', () => {
    const { clock, limits } = limitsAt(0);
    limits.set({ ratePerSecond: 2 });
    clock.nowMs += 60_000;
    limits.take(1);
    limits.take(1);
    expect(() => limits.take(1)).toThrow(rateExceeded);
  });

  it('is counted neither in the rate nor in the day when refused', () => {
    const { clock, limits } = limitsAt(0);
    limits.set({ ratePerSecond: 1 });
    limits.take(1);
    for (let attempt = 0; attempt < 20; attempt++) expect(() => limits.take(1)).toThrow(rateExceeded);
    clock.nowMs += 1_000;
    limits.take(1);
    expect(limits.sentLast24Hours()).toBe(2);
  });

  it('answers Throttling on the wire, and no more once the limit is lifted', async () => {
    const { ses, client } = await startSes({ sendRatePerSecond: 1, now: () => 0 });
    const mail = new SendRawEmailCommand({ RawMessage: { Data: rawMessage() } });
    await client.send(mail);
    await expect(client.send(mail)).rejects.toMatchObject({
      name: 'Throttling',
      message: rateExceeded,
      $metadata: { httpStatusCode: 400 },
    });
    ses.set({ sendRatePerSecond: undefined });
    await client.send(mail);
    expect(ses.sentCount).toBe(2);
  });
});

describe('daily quota', () => {
  it('slides: sends older than 24 hours no longer count', () => {
    const { clock, limits } = limitsAt(1_000_000);
    limits.set({ max24Hours: 3 });
    limits.take(2);
    clock.nowMs += 60 * 60 * 1000;
    limits.take(1);
    expect(() => limits.take(1)).toThrow(quotaExceeded);
    clock.nowMs += 23 * 60 * 60 * 1000;
    expect(limits.sentLast24Hours()).toBe(1);
    limits.take(2);
    expect(() => limits.take(1)).toThrow(quotaExceeded);
  });

  it('answers Throttling with its own message', async () => {
    const { client } = await startSes({ maxSend24Hours: 1 });
    const mail = new SendRawEmailCommand({ RawMessage: { Data: rawMessage() } });
    await client.send(mail);
    await expect(client.send(mail)).rejects.toMatchObject({ name: 'Throttling', message: quotaExceeded });
  });

  it('has room again when the clock of SES is turned by a day', async () => {
    const { ses, client } = await startSes({ maxSend24Hours: 1 });
    const mail = new SendRawEmailCommand({ RawMessage: { Data: rawMessage() } });
    await client.send(mail);
    ses.set({ clockAheadMs: 24 * 60 * 60_000 + 60_000 });
    expect(await client.send(new GetSendQuotaCommand({}))).toMatchObject({ SentLast24Hours: 0 });
    await client.send(mail);
    expect(ses.sentCount).toBe(2);
  });
});
