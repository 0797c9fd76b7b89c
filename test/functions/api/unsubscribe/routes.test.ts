import { beforeEach, describe, expect, it } from 'vitest';
import { contactId } from '../../../../functions/core/audience/contact.ts';
import { standingOf } from '../../../../functions/core/audience/unsubscribe.ts';
import { countsIn } from '../../../../functions/core/broadcast/counting/progress.ts';
import { newId } from '../../../../functions/core/ids.ts';
import { suppress } from '../../../../functions/core/suppression/suppression.ts';
import {
  createBroadcastUnsubscribe,
  type Unsubscription,
} from '../../../../functions/core/suppression/unsubscribe-link.ts';
import { type ApiClient, createApiClient } from '../../../helpers/api-client.ts';

const email = 'ada@example.org';
const sender = 'news@example.com';
const broadcastId = newId();
const ordinary: Unsubscription = { email, sender, emailId: 'one' };

let api: ApiClient;
beforeEach(async () => {
  api = await createApiClient();
});

const topic = async (fields: Record<string, unknown> = {}): Promise<string> => {
  api.clock.nowMs += 1;
  const made = { name: 'Offers', default_subscription: 'opt_in', visibility: 'public', ...fields };
  return (await api.ask('POST', '/topics', made)).body.id;
};

/** A recipient of a broadcast: the record of the email, and the contact unless there is none. */
async function recipient({
  topicId,
  known = true,
}: {
  topicId?: string;
  known?: boolean;
} = {}): Promise<Unsubscription> {
  const emailId = newId();
  await api.backend.table.insert({ key: `email#${emailId}`, fields: { id: emailId, broadcastId } });
  if (known) await api.ask('POST', '/contacts', { email });
  const contact = known ? { contactId: contactId(email) } : {};
  return { email, sender, emailId, broadcast: { id: broadcastId, ...contact, ...(topicId ? { topicId } : {}) } };
}

async function visit(unsubscription: Unsubscription, form?: string | [string, string][], type?: string) {
  const { url } = await createBroadcastUnsubscribe(api.backend.table, 'http://api.example')(unsubscription);
  const body = typeof form === 'string' || form === undefined ? form : new URLSearchParams(form);
  const response = await api.app.request(url, {
    method: form === undefined ? 'GET' : 'POST',
    ...(body === undefined ? {} : { body }),
    ...(type ? { headers: { 'content-type': type } } : {}),
  });
  expect(response.status).toBe(200);
  const html = await response.text();
  const buttons = [...html.matchAll(/<button name="action" value="([^"]*)">([^<]*)</g)].map(([, action, label]) => [
    action,
    label,
  ]);
  const boxes = [...html.matchAll(/name="topic" value="([^"]*)"( checked)?/g)].map(([, id, on]) => [id, Boolean(on)]);
  return { html, headers: response.headers, title: /<h1>(.*)<\/h1>/.exec(html)?.[1], buttons, boxes };
}
const press = (unsubscription: Unsubscription, action: string) => visit(unsubscription, [['action', action]]);
/** As a mail program does it: RFC 8058, section 3.2. */
const oneClick = (unsubscription: Unsubscription) => visit(unsubscription, [['List-Unsubscribe', 'One-Click']]);

const contact = async () => (await api.ask('GET', `/contacts/${email}`)).body;
const choices = async () => {
  const { data } = (await api.ask('GET', `/contacts/${email}/topics`)).body;
  return Object.fromEntries(data.map((one: { id: string; subscription: string }) => [one.id, one.subscription]));
};
const senders = async () => (await api.ask('GET', `/suppressions/${email}`)).body.senders;
const counted = async () =>
  countsIn((await api.backend.table.get(`broadcast-count#${broadcastId}`)) ?? {}).unsubscribed;

describe('the link of an ordinary email', () => {
  it('shows a button, stops the sender, and subscribes again', async () => {
    const page = await visit(ordinary);
    expect([page.title, page.buttons]).toEqual([`Stop email from ${sender}?`, [['stop', 'Unsubscribe']]]);
    expect((await api.ask('GET', `/suppressions/${email}`)).status).toBe(404);
    for (const done of [await press(ordinary, 'stop'), await visit(ordinary)])
      expect([done.title, done.buttons]).toEqual([
        `You will get no more email from ${sender}`,
        [['subscribe', 'Subscribe again']],
      ]);
    expect(await senders()).toEqual([sender]);
    expect((await press(ordinary, 'subscribe')).title).toBe(`Stop email from ${sender}?`);
    expect((await api.ask('GET', `/suppressions/${email}`)).status).toBe(404);
  });

  it('subscribes again to its own sender only', async () => {
    const offers = { ...ordinary, sender: 'offers@example.com' };
    for (const one of [ordinary, offers]) await oneClick(one);
    await press(ordinary, 'subscribe');
    expect(await senders()).toEqual(['offers@example.com']);
    await press(ordinary, 'subscribe');
    await oneClick(ordinary);
    expect(await senders()).toEqual(['offers@example.com', sender]);
  });

  it('removes no bounce, and shows none', async () => {
    await suppress(api.backend.table, async () => {}, [{ email, origin: 'bounce', atMs: 1 }]);
    expect((await visit(ordinary)).buttons).toEqual([['stop', 'Unsubscribe']]);
    await press(ordinary, 'subscribe');
    expect((await api.ask('GET', `/suppressions/${email}`)).body.origin).toBe('bounce');
  });
});

describe('the link of a broadcast with a topic', () => {
  it('changes nothing on GET, and leaves the topic with one click', async () => {
    const topicId = await topic();
    const link = await recipient({ topicId });
    const page = await visit(link);
    expect(page.title).toBe('Unsubscribe from Offers?');
    expect(page.buttons.map(([action]) => action)).toEqual(['stop', 'stop-everything', 'choose']);
    expect([await choices(), await counted()]).toEqual([{ [topicId]: 'opt_in' }, 0]);

    for (let times = 0; times < 2; times++) await oneClick(link);
    expect([await choices(), await counted()]).toEqual([{ [topicId]: 'opt_out' }, 1]);
    expect([(await contact()).unsubscribed, await senders()]).toEqual([false, undefined]);
    const left = await visit(link);
    expect(left.title).toBe('You are unsubscribed from Offers');
    expect(left.buttons[0]).toEqual(['subscribe', 'Subscribe again']);

    expect((await press(link, 'subscribe')).title).toBe('Unsubscribe from Offers?');
    expect([await choices(), await counted()]).toEqual([{ [topicId]: 'opt_in' }, 1]);
  });

  it('stops everything if that is asked for, and starts it again', async () => {
    const link = await recipient({ topicId: await topic() });
    const done = await press(link, 'stop-everything');
    expect([done.title, done.buttons]).toEqual([
      'You are unsubscribed from everything',
      [['subscribe-everything', 'Subscribe again']],
    ]);
    expect([(await contact()).unsubscribed, await counted()]).toEqual([true, 1]);
    await press(link, 'subscribe-everything');
    expect((await contact()).unsubscribed).toBe(false);
  });

  it('stops everything when the topic was deleted', async () => {
    const topicId = await topic();
    const link = await recipient({ topicId });
    await api.ask('DELETE', `/topics/${topicId}`);
    expect((await visit(link)).buttons[0]?.[0]).toBe('stop-everything');
    await oneClick(link);
    expect((await contact()).unsubscribed).toBe(true);
  });

  it('leaves only the topic when the list does not show it yet', async () => {
    const topicId = await topic();
    const link = await recipient({ topicId });
    const { query } = api.backend.table;
    const lagging = {
      ...api.backend.table,
      query: async (one: Parameters<typeof query>[0]) => (await query(one)).slice(1),
    };
    const { contact: read, topic: own } = await standingOf(lagging, link);
    expect([read?.email, own?.id]).toEqual([email, topicId]);
  });

  it('publishes what changes, once', async () => {
    await api.ask('POST', '/webhooks', {
      endpoint: 'https://hooks.example.com/',
      events: ['contact.updated', 'contact.topics.updated', 'suppression.added'],
    });
    const link = await recipient({ topicId: await topic() });
    for (let times = 0; times < 2; times++) for (const action of ['stop', 'stop-everything']) await press(link, action);
    const events = api.backend.waiting().map(({ job }) => (job.args as { event: { type: string } }).event.type);
    expect(events).toEqual(['contact.topics.updated', 'contact.updated']);
  });
});

describe('the topics to choose from', () => {
  it('are the public ones, private ones that the contact gets, and the link’s own', async () => {
    const open = await topic({ name: 'Open', default_subscription: 'opt_out' });
    const got = await topic({ name: 'Got', visibility: 'private' });
    const hidden = await topic({ name: 'Hidden', visibility: 'private', default_subscription: 'opt_out' });
    const own = await topic({ name: 'Own', visibility: 'private', default_subscription: 'opt_out' });
    const link = await recipient({ topicId: own });
    expect((await visit(link)).boxes).toEqual([
      [own, false],
      [got, true],
      [open, false],
    ]);
    const shown = [open, got, hidden, own].map((id) => ['shown', id] as [string, string]);
    const wanted = [open, hidden].map((id) => ['topic', id] as [string, string]);
    const saved = await visit(link, [['action', 'choose'], ...shown, ...wanted]);
    expect(saved.html).toContain('<p role="status">Your choice is saved.</p>');
    expect(await choices()).toEqual({ [open]: 'opt_in', [got]: 'opt_out', [hidden]: 'opt_out', [own]: 'opt_out' });
    expect(await counted()).toBe(0);
  });

  it('stay as they are if the page did not show them', async () => {
    const [one, other] = [await topic(), await topic()];
    const link = await recipient({ topicId: one });
    await visit(link, [
      ['action', 'choose'],
      ['shown', one],
    ]);
    expect([await choices(), await counted()]).toEqual([{ [one]: 'opt_out', [other]: 'opt_in' }, 1]);
  });
});

describe('the link of a broadcast without a topic', () => {
  it('stops all broadcasts to the contact', async () => {
    const link = await recipient();
    expect((await visit(link)).buttons).toEqual([['stop-everything', 'Unsubscribe from everything']]);
    await oneClick(link);
    expect([(await contact()).unsubscribed, await senders(), await counted()]).toEqual([true, undefined, 1]);
  });

  it('stops the sender for a recipient without a contact, and for one whose contact was deleted', async () => {
    const link = await recipient({ known: false });
    await oneClick(link);
    expect([await senders(), await counted()]).toEqual([[sender], 1]);
    await press(link, 'subscribe');
    const deleted = await recipient();
    await api.ask('DELETE', `/contacts/${email}`);
    expect((await visit(deleted)).title).toBe(`Stop email from ${sender}?`);
    await oneClick(deleted);
    expect([await senders(), await counted()]).toEqual([[sender], 2]);
  });

  it('also undoes that the contact stopped the sender by an ordinary email', async () => {
    const link = await recipient();
    await oneClick(ordinary);
    expect((await visit(link)).title).toBe('You are unsubscribed from everything');
    await press(link, 'subscribe-everything');
    expect((await api.ask('GET', `/suppressions/${email}`)).status).toBe(404);
  });
});

describe('a request to a link', () => {
  it.each([
    ['', 'application/x-www-form-urlencoded'],
    ['List-Unsubscribe=One-Click', 'text/plain'],
    [
      '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--',
      'multipart/form-data; boundary=x',
    ],
    ['broken', 'multipart/form-data; boundary=x'],
    ['broken', 'multipart/form-data'],
    ['{"action":"subscribe"}', 'application/json'],
  ])('unsubscribes with the body %j as %s', async (body, type) => {
    await visit(ordinary, body, type);
    expect(await senders()).toEqual([sender]);
  });

  it('changes nothing if it asks for something that no page offers', async () => {
    const link = await recipient({ topicId: await topic() });
    for (const action of ['delete', '', 'constructor']) await press(link, action);
    expect([(await contact()).unsubscribed, await counted()]).toEqual([false, 0]);
  });

  it('is not followed by an error when the record of the email has expired', async () => {
    const link = { ...(await recipient()), emailId: newId() };
    await oneClick(link);
    expect([(await contact()).unsubscribed, await counted()]).toEqual([true, 0]);
  });

  it('is answered by a page without scripts, on which names are text', async () => {
    const name = `<script>alert("1")</script>&'`;
    const link = await recipient({ topicId: await topic({ name, description: name }) });
    const { html, headers } = await visit({ ...link, sender: '"<b>\'"@example.com' });
    expect(html).not.toMatch(/<script|<b>|&'|"1"/);
    expect(html.match(/&#60;script&#62;alert\(&#34;1&#34;\)&#60;\/script&#62;&#38;&#39;/g)?.length).toBe(6);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    );
    expect([headers.get('cache-control'), headers.get('referrer-policy')]).toEqual(['no-store', 'no-referrer']);
  });

  it('is answered by a page that a screen reader understands', async () => {
    const { html } = await visit(await recipient({ topicId: await topic() }));
    expect(html).toContain('<html lang="en">');
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html).toContain('<main>');
    expect(html).toContain('<fieldset><legend>');
    // Every box is in its label, and every button says what it does.
    expect(html.match(/<input type="checkbox"/g)?.length).toBe(html.match(/<label><input type="checkbox"/g)?.length);
    expect(html).not.toMatch(/<button[^>]*><\/button>/);
    expect(/<title>(.*)<\/title>/.exec(html)?.[1]).toBe(/<h1>(.*)<\/h1>/.exec(html)?.[1]);
  });
});
