import { describe, expect, it } from 'vitest';
import { recordKey } from '../../../../functions/core/email/record.ts';
import { newId } from '../../../../functions/core/ids.ts';
import { type ApiClient, createApiClient, SENDING_KEY } from '../../../helpers/api-client.ts';
import { send, set } from './stored.ts';

const raw = async ({ app }: ApiClient, id: string) => {
  const response = await app.request(`http://api.example/emails/${id}/raw`, {
    headers: { authorization: 'Bearer so_full' },
  });
  return { response, text: await response.text() };
};

describe('GET /emails/{id}/raw', () => {
  it('answers the message that is sent, as text that no browser takes for a page', async () => {
    const client = await createApiClient();
    const id = await send(client, {
      html: '<p>Grüße</p>',
      bcc: 'secret@example.com',
      headers: { 'X-Ref': '7' },
      attachments: [{ filename: 'a.txt', content: Buffer.from('hello').toString('base64') }],
    });
    const { response, text } = await raw(client, id);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(text).toContain('X-Ref: 7\r\n');
    expect(text).toContain('Subject: Hello\r\n');
    expect(text).toContain('<p>Gr=C3=BC=C3=9Fe</p>');
    expect(text).toContain('filename=a.txt');
    expect(text).not.toContain('secret@example.com');
  });

  it('fetches no attachment, and shows no token with which the recipient could be unsubscribed', async () => {
    const client = await createApiClient();
    const id = await send(client, {
      headers: { 'X-Sendoff-Unsubscribe': 'true' },
      attachments: [{ filename: 'a.pdf', path: 'https://files.invalid/a.pdf' }],
    });
    const { text } = await raw(client, id);
    expect(text).toContain('List-Unsubscribe: <http://api.example/unsubscribe/TOKEN>\r\n');
    expect(text).not.toContain('X-Sendoff-Unsubscribe');
    const [, file = ''] = /filename=a.pdf\r\n\r\n([\w+/=\r\n]+)/.exec(text) ?? [];
    expect(atob(file.replace(/\s/g, ''))).toContain('fetched when the email is sent: https://files.invalid/a.pdf');
  });

  it('answers 422 to an email of a broadcast and to a message that no function can answer', async () => {
    const client = await createApiClient();
    const id = await send(client);
    await client.backend.table.update(recordKey(id), { set: { broadcastId: 'b', fingerprint: 'other' } });
    expect(await client.ask('GET', `/emails/${id}/raw`)).toMatchObject({
      status: 422,
      body: { message: 'This email has no content of its own: it belongs to the broadcast b.' },
    });
    const large = await send(client, { text: 'x'.repeat(5_600_000) });
    expect((await client.ask('GET', `/emails/${large}/raw`)).status).toBe(422);
  });
});

describe('POST /emails/{id}/send-again', () => {
  const all = {
    from: '"Lee, Ann" <a@example.com>',
    to: ['b@example.com', 'B2 <b2@example.com>'],
    cc: ['c@example.com'],
    bcc: ['d@example.com'],
    reply_to: ['f@example.com'],
    html: '<b>Hi</b>',
    tags: [{ name: 'a', value: 'b' }],
  };

  it('accepts a copy with the same recipients, content, headers and files, to be sent now', async () => {
    const client = await createApiClient();
    const id = await send(client, {
      ...all,
      headers: { 'X-Ref': '7' },
      attachments: [{ filename: 'a.txt', content: 'aGVsbG8=' }],
      scheduled_at: 'in 1 hour',
    });
    await set(client, id, { status: 'bounced' });
    client.clock.nowMs += 86_400_000;
    const { status, body } = await client.ask('POST', `/emails/${id}/send-again`);
    expect([status, body.object]).toEqual([200, 'email']);
    expect(body.id).not.toBe(id);
    expect((await client.ask('GET', `/emails/${body.id}`)).body).toMatchObject({
      ...all,
      subject: 'Hello',
      created_at: '2026-11-22T12:00:00.000Z',
      scheduled_at: null,
      last_event: 'queued',
    });
    const messages = await Promise.all([raw(client, id), raw(client, body.id)]);
    const [before, after] = messages.map(({ text }) => text.replace(/^Date: .*$/m, ''));
    expect(after?.replaceAll(body.id, id)).toBe(before);
    const jobs = client.backend.waiting().filter(({ job }) => (job.args as { id: string }).id === body.id);
    expect(jobs).toMatchObject([{ queue: 'transactional', job: { attempt: 1 } }]);
  });

  it('makes one copy of requests with one idempotency key', async () => {
    const client = await createApiClient();
    const [id, other] = [await send(client), await send(client)];
    for (const one of [id, other]) await set(client, one, { status: 'sent' });
    const again = (of: string, key: string) =>
      client.ask('POST', `/emails/${of}/send-again`, undefined, { 'idempotency-key': key });
    const first = (await again(id, 'k')).body.id;
    expect((await again(id, 'k')).body.id).toBe(first);
    expect((await again(other, 'k')).status).toBe(409);
    expect((await again(id, '')).status).toBe(400);
  });

  it.each(['scheduled', 'queued', 'sending'])('answers 422 while the email is %s', async (status) => {
    const client = await createApiClient();
    const id = await send(client);
    await set(client, id, { status });
    expect(await client.ask('POST', `/emails/${id}/send-again`)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('still to be sent') },
    });
  });

  it('answers 404 without its body, 401 to a key that may only send', async () => {
    const client = await createApiClient();
    const id = await send(client);
    await set(client, id, { status: 'sent', fingerprint: 'other' });
    expect((await client.ask('POST', `/emails/${id}/send-again`)).status).toBe(404);
    const key = { authorization: `Bearer ${SENDING_KEY}` };
    expect((await client.ask('POST', `/emails/${id}/send-again`, undefined, key)).status).toBe(401);
  });
});

it.each(['raw', 'webhooks', 'send-again'])('answers 404 to /emails/{id}/%s of an unknown id', async (what) => {
  const { ask } = await createApiClient();
  const method = what === 'send-again' ? 'POST' : 'GET';
  for (const id of [newId(), 'x', '%00']) expect((await ask(method, `/emails/${id}/${what}`)).status).toBe(404);
});
