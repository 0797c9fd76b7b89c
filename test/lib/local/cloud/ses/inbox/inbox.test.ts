import { type SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import MailComposer from 'nodemailer/lib/mail-composer';
import { describe, expect, it } from 'vitest';
import { rawMessage, startSes } from '../ses-server.ts';

const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

async function send(client: SESClient, Data: Buffer, ...Destinations: string[]): Promise<string> {
  const { MessageId = '' } = await client.send(
    new SendRawEmailCommand({
      Source: 'ada@example.com',
      Destinations: Destinations.length > 0 ? Destinations : ['bob@example.net'],
      Tags: [{ Name: 'email_id', Value: 'e-1' }],
      RawMessage: { Data },
    }),
  );
  return MessageId;
}

const withSubject = (subject: string) => rawMessage({ headers: [`Subject: ${subject}`] });

const richMail = () =>
  new MailComposer({
    from: '"Zoë Å" <zoe@example.com>',
    to: 'bob@example.net',
    subject: 'Grüße 🚀',
    text: 'plain & simple',
    html: '<!doctype html><html><head><title>x</title></head><body><img src="cid:logo@x"><script>alert(1)</script></body></html>',
    attachments: [
      { filename: 'Größe "a".txt', content: 'attached' },
      { filename: 'logo.png', content: Buffer.from(pixel, 'base64'), cid: 'logo@x' },
    ],
  })
    .compile()
    .build();

const json = async (url: string, init?: RequestInit) => (await fetch(url, init)).json();

describe('inbox as JSON', () => {
  it('lists caught mail, oldest first, with envelope, tags and raw', async () => {
    const { client, inbox } = await startSes({ now: () => 1_767_225_600_000 });
    expect(await json(`${inbox}/messages`)).toEqual([]);
    const first = await send(client, withSubject('one'), 'bob@example.net', 'hidden@example.net');
    const second = await send(client, withSubject('two'));
    expect(await json(`${inbox}/messages`)).toEqual([
      {
        messageId: first,
        envelope: { from: 'ada@example.com', to: ['bob@example.net', 'hidden@example.net'] },
        tags: { email_id: 'e-1' },
        raw: withSubject('one').toString('latin1'),
        sentAtMs: 1_767_225_600_000,
      },
      expect.objectContaining({ messageId: second }),
    ]);
  });

  it('pages with limit and after', async () => {
    const { client, inbox } = await startSes();
    const ids = [];
    for (const subject of ['one', 'two', 'three']) ids.push(await send(client, withSubject(subject)));
    const idsOf = async (query: string) => {
      const page: { messageId: string }[] = JSON.parse(await (await fetch(`${inbox}/messages?${query}`)).text());
      return page.map(({ messageId }) => messageId);
    };
    expect(await idsOf('limit=2')).toEqual(ids.slice(0, 2));
    expect(await idsOf(`after=${ids[0]}`)).toEqual(ids.slice(1));
    expect(await idsOf(`after=${ids[0]}&limit=1`)).toEqual([ids[1]]);
    expect(await idsOf('after=unknown&limit=nonsense')).toEqual(ids);
  });

  it.each(['/messages', '/', ''])('is emptied by DELETE "%s"', async (path) => {
    const { ses, client, inbox } = await startSes();
    await send(client, rawMessage());
    expect(await json(inbox + path, { method: 'DELETE' })).toEqual({ deleted: true });
    expect(await json(`${inbox}/messages`)).toEqual([]);
    expect(ses.sentCount).toBe(1);
  });

  it('shows one message with its decoded headers, text and attachments', async () => {
    const { client, inbox } = await startSes();
    const raw = await richMail();
    const messageId = await send(client, raw);
    expect(await json(`${inbox}/messages/${messageId}`)).toMatchObject({
      messageId,
      raw: raw.toString('latin1'),
      from: 'Zoë Å <zoe@example.com>',
      subject: 'Grüße 🚀',
      hasHtml: true,
      text: expect.stringContaining('plain & simple'),
      headers: expect.arrayContaining([{ name: 'To', value: 'bob@example.net' }]),
      attachments: [
        { filename: 'logo.png', mimeType: 'image/png', contentId: '<logo@x>' },
        { filename: 'Größe "a".txt', mimeType: 'text/plain', sizeBytes: 8 },
      ],
    });
  });

  it('answers 404 in JSON for an unknown message', async () => {
    const { client, inbox } = await startSes();
    const messageId = await send(client, rawMessage());
    for (const path of ['nowhere', 'messages/x', `messages/${messageId}/html`, `messages/${messageId}/attachments/0`]) {
      const answer = await fetch(`${inbox}/${path}`);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(await answer.json()).toEqual({ message: expect.any(String) });
    }
  });
});

describe('inbox page', () => {
  it('brings its own style and script and allows no other', async () => {
    const { inbox } = await startSes();
    const answer = await fetch(`${inbox}/`);
    const html = await answer.text();
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html).toContain('addEventListener');
    expect(html).not.toMatch(/(?:src|href)="https?:/);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/);
    expect(policy).not.toContain('unsafe-inline');
  });

  it('is redirected to the address with a slash, since its links are relative', async () => {
    const { inbox } = await startSes();
    const answer = await fetch(inbox, { redirect: 'manual' });
    expect(answer.status).toBe(308);
    expect(new URL(answer.headers.get('location') ?? '', inbox).href).toBe(`${inbox}/`);
  });

  it('polls summaries: newest first, and 304 until something changes', async () => {
    const { client, inbox } = await startSes();
    await send(client, await richMail());
    await send(client, withSubject('newest'));
    const answer = await fetch(`${inbox}/summaries`);
    expect(await answer.json()).toMatchObject({
      keptCount: 2,
      messages: [
        { subject: 'newest', from: 'Ada <ada@example.com>', to: ['bob@example.net'] },
        { subject: 'Grüße 🚀', from: 'Zoë Å <zoe@example.com>' },
      ],
    });
    const again = () => fetch(`${inbox}/summaries`, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } });
    expect((await again()).status).toBe(304);
    await send(client, rawMessage());
    expect((await again()).status).toBe(200);
  });
});

describe('parts of a caught mail', () => {
  it('serves the HTML part under a policy without scripts, inline images put in', async () => {
    const { client, inbox } = await startSes();
    const answer = await fetch(`${inbox}/messages/${await send(client, await richMail())}/html`);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/sandbox(?!.*allow-(?:scripts|same-origin|forms))/);
    expect(policy).not.toContain('script-src');
    const html = await answer.text();
    expect(html).toContain(`<img src="data:image/png;base64,${pixel}">`);
    expect(html).toMatch(/^<!doctype html><html><head><base target="_blank"><title>/);
  });

  it('serves the source as inert text, byte for byte', async () => {
    const { client, inbox } = await startSes();
    const raw = rawMessage({ body: '<script>alert(1)</script>\x80\xff' });
    const answer = await fetch(`${inbox}/messages/${await send(client, raw)}/raw`);
    expect(answer.headers.get('content-type')).toBe('text/plain');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(raw);
  });

  it('serves attachments as downloads, whatever type they claim', async () => {
    const { client, inbox } = await startSes();
    const answer = await fetch(`${inbox}/messages/${await send(client, await richMail())}/attachments/1`);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.headers.get('content-disposition')).toBe(
      "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%22a%22.txt",
    );
    expect(await answer.text()).toBe('attached');
  });
});

describe('events from the inbox', () => {
  it('publishes the outcome it is told', async () => {
    const events: string[] = [];
    const { ses, client, inbox } = await startSes({ publish: async (_topic, event) => void events.push(event) });
    ses.putConfigurationSet('feedback');
    ses.putEventDestination('feedback', { name: 'sns', eventTypes: ['open'], topicArn: 'arn', enabled: true });
    const raw = rawMessage({ headers: ['X-SES-CONFIGURATION-SET: feedback'] });
    const url = `${inbox}/messages/${await send(client, raw)}/events`;
    const headers = { 'content-type': 'application/json' };
    const post = (body: string, init: RequestInit = { headers }) => fetch(url, { method: 'POST', body, ...init });

    expect(await (await post('{"outcome":"opened"}')).json()).toEqual({ reported: 'opened' });
    expect(events.map((event) => JSON.parse(event).eventType)).toEqual(['Open']);
    expect((await post('{"outcome":"toString"}')).status).toBe(422);
    expect((await post('{')).status).toBe(422);
    expect((await post('{"outcome":"opened"}', { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    expect(events).toHaveLength(1);
  });
});
