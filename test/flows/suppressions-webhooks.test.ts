import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { newId } from '../../functions/core/ids.ts';
import { createBroadcastUnsubscribe } from '../../functions/core/suppression/unsubscribe-link.ts';
import { anEmail } from './an-email.ts';
import { runningTarget } from './target.ts';

const sendoff = runningTarget();
/** The last status of an email that SES took, as far as SES reports it. */
const taken = () => (sendoff.publishesEvents ? /^delivered$/ : /^(sent|delivered)$/);

interface UnsubscribeLink {
  readonly link: string;
  /** The same from this machine, which may not resolve the host of a deployment. */
  readonly reachable: string;
  readonly headers: Map<string, string>;
}

async function sendWithLink(from: string, to: string): Promise<UnsubscribeLink> {
  const { json } = await sendoff.request(
    'POST',
    '/emails',
    anEmail({ from, to, headers: { 'X-Sendoff-Unsubscribe': 'true', 'X-Other': 'stays' } }),
  );
  expect(json.id).toBeDefined();
  await sendoff.idle();
  const [message] = await sendoff.caught(json.id);
  const { headers } = await PostalMime.parse(message?.raw ?? '');
  const byName = new Map(headers.map(({ key, value }) => [key, value]));
  const link = /<(.*)>/.exec(byName.get('list-unsubscribe') ?? '')?.[1] ?? '';
  return { link, reachable: link.replace(sendoff.publicUrl, sendoff.url), headers: byName };
}

const statusOf = async (from: string, to: string): Promise<string> => {
  const { json } = await sendoff.request('POST', '/emails', anEmail({ from, to }));
  await sendoff.idle();
  return (await sendoff.request('GET', `/emails/${json.id}`)).json.last_event;
};

describe('the unsubscribe link', () => {
  it('is in the headers of RFC 8058, under Sendoff’s URL, without an address in it', async () => {
    const { link, headers } = await sendWithLink('news@example.com', 'ada@example.com');
    expect(headers.get('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click');
    expect(link.startsWith(`${sendoff.publicUrl}/unsubscribe/`)).toBe(true);
    expect(link).not.toMatch(/ada/);
    expect([headers.get('x-other'), headers.get('x-sendoff-unsubscribe')]).toEqual(['stays', undefined]);
  });

  it('shows a page that changes nothing on GET, and suppresses for that sender on POST, without a key', async () => {
    const { reachable } = await sendWithLink('News <news@example.com>', 'bob@example.com');
    const page = await fetch(reachable);
    expect(page.status).toBe(200);
    expect(await page.text()).toMatch(/<form method="post">/);
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(await statusOf('news@example.com', 'bob@example.com')).toMatch(taken());

    // As a mail client does it: RFC 8058, section 3.2.
    const oneClick = {
      method: 'POST',
      body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
      redirect: 'manual',
    } as const;
    for (let times = 0; times < 2; times++) expect((await fetch(reachable, oneClick)).status).toBe(200);
    expect(await statusOf('news@example.com', 'Bob <BOB@example.com>')).toBe('suppressed');
    expect(await statusOf('receipts@example.com', 'bob@example.com')).toMatch(taken());
    const { json } = await sendoff.request('GET', '/suppressions/bob@example.com');
    expect(json).toMatchObject({ origin: 'unsubscribe', senders: ['news@example.com'] });
  });

  it('is not found if it was invented', async () => {
    for (const method of ['GET', 'POST']) {
      const response = await fetch(`${sendoff.url}/unsubscribe/${'A'.repeat(80)}`, { method });
      expect(response.status).toBe(404);
    }
  });
});

describe('/suppressions', () => {
  const emails = Array.from({ length: 5 }, (_, index) => `bulk${index}@example.com`);

  it('adds and removes in bulk, as the official client does', async () => {
    const { data: added } = await sendoff.resend.suppressions.batch.add({ emails });
    expect(added?.data).toHaveLength(5);
    expect(await statusOf('me@example.com', 'bulk3@example.com')).toBe('suppressed');
    const ids = added?.data.map(({ id }) => id) ?? [];
    const { data: removed } = await sendoff.resend.suppressions.batch.remove({ ids: ids.slice(0, 4) });
    expect(removed?.data.every(({ deleted }) => deleted)).toBe(true);
    const again = await sendoff.resend.suppressions.batch.remove({ emails: emails.slice(3) });
    expect(again.data?.data.map(({ deleted }) => deleted)).toEqual([false, true]);
    expect(await statusOf('me@example.com', 'bulk3@example.com')).toMatch(taken());
  });

  it('lists by origin, page after page, in both directions', async () => {
    for (let index = 0; index < 6; index++)
      await sendoff.request('POST', '/suppressions', { email: `manual${index}@example.com` });
    const page = async (query: string) => (await sendoff.request('GET', `/suppressions?origin=manual&${query}`)).json;
    const first = await page('limit=4');
    expect([first.data.length, first.has_more]).toEqual([4, true]);
    const second = await page(`limit=4&after=${first.data[3].id}`);
    expect([second.data.length, second.has_more]).toEqual([2, false]);
    const all = [...first.data, ...second.data].map(({ email }: { email: string }) => email);
    expect(all).toEqual([5, 4, 3, 2, 1, 0].map((index) => `manual${index}@example.com`));
    const back = await page(`limit=4&before=${second.data[0].id}`);
    expect(back.data.map(({ email }: { email: string }) => email)).toEqual(all.slice(0, 4));
    const unsubscribed = (await sendoff.request('GET', '/suppressions?origin=unsubscribe')).json.data;
    expect(unsubscribed.map(({ email }: { email: string }) => email)).toEqual(['bob@example.com']);
  });

  it.each([
    ['POST', '/suppressions', { email: 'not an address' }, 422, 'validation_error'],
    ['POST', '/suppressions', { email: 'a@example.com', mail: 1 }, 422, 'invalid_parameter'],
    ['POST', '/suppressions/batch/add', { emails: [] }, 422, 'invalid_parameter'],
    ['POST', '/suppressions/batch/remove', {}, 422, 'invalid_parameter'],
    ['POST', '/suppressions/batch/remove', { ids: ['x'], emails: ['a@example.com'] }, 422, 'invalid_parameter'],
    ['GET', '/suppressions?origin=whim', undefined, 422, 'invalid_parameter'],
    ['GET', '/suppressions/nobody@example.com', undefined, 404, 'not_found'],
    ['DELETE', '/suppressions/nobody@example.com', undefined, 404, 'not_found'],
    ['PUT', '/suppressions', undefined, 405, 'method_not_allowed'],
  ])('%s %s %j: %i %s', async (method, path, body, status, name) => {
    const answer = await sendoff.request(method, path, body);
    expect([answer.status, answer.json.name]).toEqual([status, name]);
  });
});

describe('/webhooks', () => {
  it('are created, read, changed, rotated and deleted by the official client', async () => {
    const { webhooks } = sendoff.resend;
    const endpoint = 'https://hooks.example.com/sendoff';
    const { data: made } = await webhooks.create({ endpoint, events: ['email.bounced'] });
    const id = made?.id ?? '';
    expect(made?.signing_secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect((await webhooks.get(id)).data).toMatchObject({
      endpoint,
      status: 'enabled',
      events: ['email.bounced'],
      signing_secret: made?.signing_secret,
    });
    expect((await webhooks.list()).data?.data.map((one) => one.id)).toEqual([id]);
    await webhooks.update(id, { status: 'disabled', events: ['email.sent'] });
    expect((await webhooks.get(id)).data).toMatchObject({ endpoint, status: 'disabled', events: ['email.sent'] });
    const { data: rotated } = await webhooks.rotateSigningSecret(id);
    expect((await webhooks.get(id)).data?.signing_secret).toBe(rotated?.signing_secret);
    expect((await webhooks.remove(id)).data).toMatchObject({ id, deleted: true });
    expect((await webhooks.get(id)).error?.name).toBe('not_found');
  });

  it('take an empty change, and ignore the id that clients put into the body', async () => {
    const endpoint = 'https://hooks.example.com/nothing';
    const { json: made } = await sendoff.request('POST', '/webhooks', { endpoint, events: ['email.sent'] });
    for (const body of [{}, { id: made.id, webhook_id: made.id }, { webhook_id: 'another' }]) {
      const answer = await sendoff.request('PATCH', `/webhooks/${made.id}`, body);
      expect([answer.status, answer.json.id]).toEqual([200, made.id]);
    }
    expect((await sendoff.request('GET', `/webhooks/${made.id}`)).json).toMatchObject({ endpoint, status: 'enabled' });
    await sendoff.request('DELETE', `/webhooks/${made.id}`);
  });

  it.each([
    ['POST', '/webhooks', { endpoint: 'http://hooks.example.com', events: ['email.sent'] }, 422, 'invalid_parameter'],
    ['POST', '/webhooks', { endpoint: 'https://169.254.169.254/', events: ['email.sent'] }, 451, 'security_error'],
    ['POST', '/webhooks', { endpoint: 'https://h.example.com', events: ['email.send'] }, 422, 'invalid_parameter'],
    ['POST', '/webhooks', { endpoint: 'https://h.example.com', events: [] }, 422, 'invalid_parameter'],
    ['POST', '/webhooks', { endpoint: 'https://h.example.com' }, 422, 'missing_required_field'],
    ['PATCH', '/webhooks/none', { status: 'enabled' }, 404, 'not_found'],
    ['PATCH', '/webhooks/none', { endpoint: 'https://10.0.0.1/' }, 451, 'security_error'],
    ['DELETE', '/webhooks/none', undefined, 404, 'not_found'],
    ['POST', '/webhooks/none/signing-secret/rotate', undefined, 404, 'not_found'],
    ['GET', '/webhooks/none/events', undefined, 404, 'not_found'],
    ['POST', '/webhooks/none/events/x/replay', undefined, 404, 'not_found'],
  ])('%s %s %j: %i %s', async (method, path, body, status, name) => {
    const answer = await sendoff.request(method, path, body);
    expect([answer.status, answer.json.name]).toEqual([status, name]);
  });

  it('cannot be used with a key that may only send', async () => {
    const { json: restricted } = await sendoff.request('POST', '/api-keys', {
      name: 'app',
      permission: 'sending_access',
    });
    for (const path of ['/webhooks', '/suppressions']) {
      const answer = await sendoff.request('GET', path, undefined, { authorization: `Bearer ${restricted.token}` });
      expect([answer.status, answer.json.name]).toEqual([401, 'restricted_api_key']);
    }
  });
});

// Last: the job that removes a contact waits 15 seconds, and so would the next test that waits until all is done.
describe('the unsubscribe link of a broadcast', () => {
  it('leaves its topic with one click, then everything, and comes back, without a key or a script', async () => {
    const email = 'reader@example.com';
    const { topics, contacts } = sendoff.resend;
    const offers = { name: 'Offers', visibility: 'public', defaultSubscription: 'opt_in' } as const;
    const topicId = (await topics.create(offers)).data?.id ?? '';
    const contactId = (await contacts.create({ email })).data?.id ?? '';
    const broadcastUnsubscribe = createBroadcastUnsubscribe(sendoff.table, sendoff.url);
    const broadcast = { id: newId(), contactId, topicId };
    const { url } = await broadcastUnsubscribe({ email, sender: 'news@example.com', emailId: newId(), broadcast });
    const ask = async (fields?: Record<string, string>) => {
      const form = fields && { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' as const };
      const response = await fetch(url, form);
      expect(response.status).toBe(200);
      return /<h1>(.*)<\/h1>/.exec(await response.text())?.[1];
    };
    const state = async () => [
      (await contacts.topics.list({ email })).data?.data.find(({ id }) => id === topicId)?.subscription,
      (await contacts.get({ email })).data?.unsubscribed,
    ];
    expect([await ask(), await state()]).toEqual(['Unsubscribe from Offers?', ['opt_in', false]]);
    const left = await ask({ 'List-Unsubscribe': 'One-Click' });
    expect([left, await state()]).toEqual(['You are unsubscribed from Offers', ['opt_out', false]]);
    const stopped = await ask({ action: 'stop-everything' });
    expect([stopped, await state()]).toEqual(['You are unsubscribed from everything', ['opt_out', true]]);
    await ask({ action: 'subscribe-everything' });
    const back = await ask({ action: 'choose', shown: topicId, topic: topicId });
    expect([back, await state()]).toEqual(['Unsubscribe from Offers?', ['opt_in', false]]);
    await contacts.remove({ email });
    await topics.remove(topicId);
  });
});
