import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { shortVisibility } from '../helpers/short-visibility.ts';
import { anEmail } from './an-email.ts';
import { runningTarget } from './target.ts';

const sendoff = runningTarget({ config: { api: 'rest' }, overrides: shortVisibility });

describe('the service behind a REST API', () => {
  it('works with the official client, with the stage in the base URL', async () => {
    expect(sendoff.publicUrl).toMatch(/\/prod$/);
    const subject = `Grüße 👋 ${randomUUID()}`;
    const { data, error } = await sendoff.resend.emails.send(anEmail({ subject }) as never);
    expect(error).toBeNull();
    await sendoff.idle();
    expect((await sendoff.resend.emails.get(data?.id ?? '')).data).toMatchObject({ subject, id: data?.id });
    expect(await sendoff.caught(data?.id ?? '')).toHaveLength(1);
  });

  it('passes headers and query strings on', async () => {
    const headers = { 'idempotency-key': 'once, by REST' };
    const batch = [anEmail(), anEmail()];
    // It is older than the batch, so the page after the batch's first email has it, whatever ran before.
    await sendoff.request('POST', '/emails', anEmail());
    const first = await sendoff.request('POST', '/emails/batch', batch, headers);
    const again = await sendoff.request('POST', '/emails/batch', batch, headers);
    expect(again.json).toEqual(first.json);
    const [{ id: after }] = first.json.data;
    const page = await sendoff.request('GET', `/emails?limit=1&after=${after}`);
    expect(page).toMatchObject({ status: 200, json: { object: 'list', data: [expect.anything()] } });
    await sendoff.idle();
  });

  it('leaves routing to the function: an unknown path and a wrong method get Resend’s errors', async () => {
    expect(await sendoff.request('GET', '/nowhere')).toMatchObject({ status: 404, json: { name: 'not_found' } });
    const wrong = await sendoff.request('PUT', '/emails');
    expect(wrong).toMatchObject({ status: 405, json: { name: 'method_not_allowed' } });
    expect(wrong.headers.get('allow')).toContain('POST');
    expect(await sendoff.request('GET', '/')).toMatchObject({ status: 404, json: { name: 'not_found' } });
  });

  it('takes a path with an extra slash, as clients make it from a base URL that ends with one', async () => {
    expect((await sendoff.request('GET', '//emails')).status).toBe(200);
  });

  it('describes itself with the stage in its URL', async () => {
    const { json } = await sendoff.request('GET', '/openapi.json');
    expect(new URL(json.servers[0].url).pathname).toBe('/prod');
  });
});
