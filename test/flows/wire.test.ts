import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { json as readJson } from 'node:stream/consumers';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { shortVisibility } from '../helpers/short-visibility.ts';
import { anEmail } from './an-email.ts';
import type { Json } from './request.ts';
import { runningTarget } from './target.ts';

/** `wire.rest.test.ts` runs the same behind a REST API, whose events have another format. */
const config = process.env.FLOWS_API === 'rest' ? { api: 'rest' } : {};
const sendoff = runningTarget({ config, overrides: shortVisibility });

/** A request that fetch cannot make: a GET with a body, a TRACE. */
async function raw(method: string, path: string, body = ''): Promise<{ status: number; type: string; json: Json }> {
  const asked = httpRequest(`${sendoff.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${sendoff.apiKey}`, 'content-length': body.length },
  });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const { statusCode, headers } = response;
  return { status: statusCode ?? 0, type: headers['content-type'] ?? '', json: await readJson(response) };
}

describe('a request of another client', () => {
  it('may be a GET with a body, as the Python client sends it', async () => {
    expect(await raw('GET', '/emails', '{}')).toMatchObject({ status: 200, json: { object: 'list' } });
    expect(await raw('GET', '/emails/none', '{}')).toMatchObject({ status: 404, json: { name: 'not_found' } });
  });

  it('may have bytes as an array, the older name of content_id, an empty list of headers, null', async () => {
    const content = [0, 1, 2, 250, 255];
    const { status, json } = await sendoff.request('POST', '/emails', {
      ...anEmail({ html: '<img src="cid:logo">' }),
      cc: null,
      headers: [],
      attachments: [{ filename: 'a.bin', content, inline_content_id: 'logo', content_type: null }],
    });
    expect(status).toBe(200);
    await sendoff.idle();
    const [message] = await sendoff.caught(json.id);
    const { attachments } = await PostalMime.parse(message?.raw ?? '');
    expect(attachments.map(({ content: bytes }) => [...new Uint8Array(bytes as ArrayBuffer)])).toEqual([content]);
    expect(attachments[0]?.contentId).toBe('<logo>');
  });

  it('may have an address with # or / in its path', async () => {
    for (const email of ['a#b@example.org', 'a/b@example.org', 'a%b@example.org']) {
      expect((await sendoff.request('POST', '/suppressions', { email })).status).toBe(201);
      const path = `/suppressions/${encodeURIComponent(email)}`;
      expect(await sendoff.request('GET', path)).toMatchObject({ status: 200, json: { email } });
      expect(await sendoff.request('DELETE', path)).toMatchObject({ status: 200, json: { deleted: true } });
    }
  });
});

describe('an error', () => {
  it('is the answer to an empty Idempotency-Key, and nothing is sent', async () => {
    const answer = await sendoff.request('POST', '/emails', anEmail(), { 'idempotency-key': '' });
    expect(answer).toMatchObject({ status: 400, json: { statusCode: 400, name: 'invalid_idempotency_key' } });
  });

  it('is JSON also for a TRACE', async () => {
    expect(await raw('TRACE', '/emails')).toMatchObject({
      status: 405,
      type: 'application/json',
      json: { statusCode: 405, name: 'method_not_allowed' },
    });
  });

  it('names features that only Resend has, also for the official client', async () => {
    const { error } = await sendoff.resend.automations.list();
    expect(error).toMatchObject({ statusCode: 404, name: 'not_found', message: expect.stringMatching(/^Sendoff /) });
  });

  it('has Resend’s form for 130,000 invalid headers', async () => {
    const headers = Object.fromEntries(Array.from({ length: 130_000 }, (_, index) => [`X-${index}`, 1]));
    expect(await sendoff.request('POST', '/emails', { ...anEmail(), headers })).toMatchObject({
      status: 422,
      json: { name: 'invalid_parameter', message: 'Invalid `headers` field: it has more than 1000 entries.' },
    });
  });
});
