import { Resend } from 'resend';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { attemptView } from '../../../../functions/api/webhooks/view.ts';
import {
  changeWebhook,
  MAX_PREVIOUS_SECRETS,
  rotateSecret,
  validSecrets,
  type Webhook,
  webhookKey,
} from '../../../../functions/core/webhook/endpoint.ts';
import { delivered, type Posted, START_MS, setUp } from './delivering.ts';

const s = 1_000;
const h = 3_600 * s;

describe('a receiver that is down', () => {
  it('is tried after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h; then the endpoint is disabled, with the reason', async () => {
    const { add, publish, runUntil, posted, webhook, delivery, logged } = await setUp(() => ({
      status: 503,
      response: 'down for a@example.com',
    }));
    await add('down');
    await publish([delivered]);
    await runUntil();
    const waits = posted.map(({ atMs }, index) => (atMs - (posted[index - 1]?.atMs ?? START_MS)) / s);
    expect(waits).toEqual([0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
    expect(await webhook('down')).toMatchObject({
      status: 'disabled',
      disabledReason: 'Every attempt since 2026-11-21T10:00:00.000Z has failed. The last: The endpoint answered 503',
    });
    expect(await delivery('down')).toMatchObject({ status: 'failed' });
    expect((await delivery('down'))?.attempts).toHaveLength(8);
    expect(logged.map(({ message }) => message)).toContain('webhook disabled');
    expect(JSON.stringify(logged)).not.toContain('a@example.com');
    await publish([{ ...delivered, eventId: 'msg_2' }]);
    await runUntil();
    expect(posted).toHaveLength(8);
  });

  it('gets everything that it missed when it is back after three hours, each event with its id', async () => {
    const backAtMs = START_MS + 3 * h;
    const { add, publish, runUntil, posted, webhook, delivery } = await setUp(({ atMs }) =>
      atMs < backAtMs ? { status: 0, response: 'ECONNREFUSED' } : { status: 204, response: '' },
    );
    await add('late');
    for (let count = 0; count < 25; count++) await publish([{ ...delivered, eventId: `msg_${count}` }]);
    await runUntil(START_MS + 2 * h);
    expect((await webhook('late'))?.failingSinceMs).toBe(START_MS);
    await runUntil();
    const received = posted.filter(({ atMs }) => atMs >= backAtMs).map(({ headers }) => headers['svix-id']);
    expect(received).toHaveLength(25);
    expect(new Set(received).size).toBe(25);
    expect(await webhook('late')).toMatchObject({ status: 'enabled' });
    expect(await webhook('late')).not.toHaveProperty('failingSinceMs');
    expect(await delivery('late', 'msg_7')).toMatchObject({ status: 'success' });
    expect(await delivery('late', 'msg_7')).not.toHaveProperty('nextAttemptAtMs');
  });

  it('that refuses only one event is not disabled', async () => {
    const { add, publish, runUntil, posted, webhook, delivery } = await setUp(({ headers }) =>
      headers['svix-id'] === 'msg_bad' ? { status: 400, response: 'no' } : { status: 200, response: 'ok' },
    );
    await add('picky');
    await publish([{ ...delivered, eventId: 'msg_bad' }]);
    await runUntil(START_MS + h);
    await publish([{ ...delivered, eventId: 'msg_good' }]);
    await runUntil();
    expect(posted.filter(({ headers }) => headers['svix-id'] === 'msg_bad')).toHaveLength(8);
    expect((await delivery('picky', 'msg_bad'))?.status).toBe('failed');
    expect((await webhook('picky'))?.status).toBe('enabled');
  });

  it('delays no other endpoint', async () => {
    const { add, publish, runUntil, posted } = await setUp(({ url }) =>
      url.includes('down') ? { status: 500, response: '' } : { status: 200, response: '' },
    );
    await add('down');
    await add('up');
    await publish([delivered]);
    await runUntil(START_MS);
    expect(posted.map(({ url, atMs }) => [url, atMs])).toEqual([
      ['https://down.example.com/', START_MS],
      ['https://up.example.com/', START_MS],
    ]);
  });
});

describe('an event', () => {
  it('goes to the enabled endpoints that subscribe to its type, once even if it is published and queued twice', async () => {
    const { add, publish, runUntil, posted, table } = await setUp();
    await add('all');
    await add('bounces', ['email.bounced']);
    await add('off');
    await changeWebhook(table, 'off', { status: 'disabled' });
    await publish([delivered]);
    await runUntil();
    await publish([delivered]);
    await runUntil();
    expect(posted.map(({ url }) => url)).toEqual(['https://all.example.com/']);
  });

  it('names the email, and its recipient as the first', async () => {
    const { add, publish, runUntil, posted } = await setUp();
    await add('all');
    await publish([delivered]);
    await runUntil();
    expect(JSON.parse(posted[0]?.payload ?? '')).toEqual({
      type: 'email.delivered',
      created_at: '2026-11-21T10:00:00.000Z',
      data: {
        email_id: 'one',
        message_id: '<ses-one@eu-west-1.amazonses.com>',
        created_at: '2026-11-21T09:59:59.000Z',
        from: 'me@example.com',
        to: ['A <A@example.com>', 'B <b@example.com>'],
        subject: 's',
        tags: {},
        headers: [],
        recipient: 'a@example.com',
      },
    });
  });

  it('is dropped, with a log line, when the email or the endpoint no longer exists', async () => {
    const { add, publish, runUntil, posted, logged, table } = await setUp();
    await add('all');
    await publish([{ ...delivered, emailId: 'expired' }]);
    await runUntil();
    await publish([delivered]);
    await table.delete(webhookKey('all'));
    await runUntil();
    expect(posted).toEqual([]);
    expect(logged.map(({ message }) => message)).toEqual([
      'event not delivered: its email has expired',
      'event not delivered: its webhook is disabled or deleted',
    ]);
  });
});

describe('signatures', () => {
  const verify = (posted: Posted | undefined, secret: string) => {
    const { headers = {}, payload = '' } = posted ?? {};
    const id = headers['svix-id'] ?? '';
    const svix = { id, timestamp: headers['svix-timestamp'] ?? '', signature: headers['svix-signature'] ?? '' };
    const byResend = new Resend('re_x').webhooks.verify({ payload, headers: svix, webhookSecret: secret });
    expect(new StandardWebhook(secret).verify(payload, headers)).toEqual(byResend);
    return byResend;
  };

  it('are accepted by both official verifiers, by the new and the old secret for a day after a rotation', async () => {
    const { add, publish, runUntil, posted, clock, table, delivery } = await setUp();
    // The verifiers use the clock of the machine.
    clock.nowMs = Date.now();
    const { secret } = await add('all');
    await publish([delivered]);
    await runUntil();
    expect(verify(posted[0], secret).type).toBe('email.delivered');
    const [kept] = (await delivery('all'))?.attempts ?? [];
    expect(kept && attemptView('msg_1', kept).headers).toEqual({
      'svix-id': posted[0]?.headers['svix-id'],
      'svix-timestamp': posted[0]?.headers['svix-timestamp'],
      'svix-signature': posted[0]?.headers['svix-signature'],
    });
    const newSecret = (await rotateSecret(table, 'all', clock.nowMs)) ?? '';
    expect(newSecret).not.toBe(secret);
    await publish([{ ...delivered, eventId: 'msg_2' }]);
    await runUntil();
    verify(posted[1], secret);
    verify(posted[1], newSecret);
    await table.update(webhookKey('all'), { set: { previousSecrets: [{ secret, untilMs: clock.nowMs - 1 }] } });
    await publish([{ ...delivered, eventId: 'msg_3' }]);
    await runUntil();
    verify(posted[2], newSecret);
    expect(() => verify(posted[2], secret)).toThrow();
  });

  it('include each replaced secret for its own day, also after a second rotation', async () => {
    const { add, publish, runUntil, posted, clock, table } = await setUp();
    clock.nowMs = Date.now();
    const { secret: first } = await add('all');
    const second = (await rotateSecret(table, 'all', clock.nowMs)) ?? '';
    const third = (await rotateSecret(table, 'all', clock.nowMs + h)) ?? '';
    await publish([delivered]);
    await runUntil();
    for (const secret of [first, second, third]) verify(posted[0], secret);
    const signing = async (atMs: number) => {
      const webhook = await table.get<Webhook>(webhookKey('all'));
      return webhook && validSecrets(webhook, atMs);
    };
    expect(await signing(clock.nowMs + 24 * h - 1)).toEqual([third, second, first]);
    expect(await signing(clock.nowMs + 24 * h)).toEqual([third, second]);
    expect(await signing(clock.nowMs + 25 * h)).toEqual([third]);
  });

  it('include the previous secret of a document of version 0.1, before and after a rotation', async () => {
    const { add, table } = await setUp();
    const { secret } = await add('old');
    const old = { previousSecret: 'whsec_b2xk', previousSecretUntilMs: START_MS + h };
    await table.update(webhookKey('old'), { set: old });
    expect(validSecrets((await table.get<Webhook>(webhookKey('old'))) as Webhook, START_MS)).toEqual([
      secret,
      'whsec_b2xk',
    ]);
    const next = await rotateSecret(table, 'old', START_MS);
    const webhook = (await table.get<Webhook>(webhookKey('old'))) as Webhook;
    expect(validSecrets(webhook, START_MS)).toEqual([next, secret, 'whsec_b2xk']);
    expect(validSecrets(webhook, START_MS + h)).toEqual([next, secret]);
  });

  it('use at most six secrets: a sixth rotation within a day is refused with the time when it is possible', async () => {
    const { add, table } = await setUp();
    await add('often');
    for (let count = 0; count < MAX_PREVIOUS_SECRETS; count++) await rotateSecret(table, 'often', START_MS + count);
    await expect(rotateSecret(table, 'often', START_MS + h)).rejects.toThrow(
      'The secret was rotated 5 times in 24 hours; it can be again after 2026-11-22T10:00:00.000Z',
    );
    expect(await rotateSecret(table, 'often', START_MS + 24 * h)).toMatch(/^whsec_/);
  });

  it('are new for each try, as receivers refuse an old timestamp', async () => {
    const { add, publish, runUntil, posted } = await setUp(() => ({ status: 500, response: '' }));
    await add('all');
    await publish([delivered]);
    await runUntil(START_MS + 10 * s);
    const [first, second] = posted;
    expect(second?.headers['svix-id']).toBe(first?.headers['svix-id']);
    expect(second?.payload).toBe(first?.payload);
    expect(second?.headers['svix-timestamp']).not.toBe(first?.headers['svix-timestamp']);
    expect(second?.headers['svix-signature']).not.toBe(first?.headers['svix-signature']);
  });
});
