import { describe, expect, it } from 'vitest';
import { type ClientAnswer, checkAnswers } from '../helpers/client-types.ts';
import { startReceiver } from './receiver.ts';
import { anEmail, running } from './running.ts';

const sendoff = running();

const bouncing = 'bounce@simulator.amazonses.com';
const file = { filename: 'notes.txt', content: Buffer.from('Hello').toString('base64') };
const email = (more: object = {}) => anEmail(more) as never;

describe('an answer of the API to the official client', () => {
  const answers: ClientAnswer[] = [];
  /** Collects the answer for the compiler; a failure is thrown at once. */
  const collect = <T>(method: string, { data, error }: { data: T | null; error: unknown }, type?: string): T => {
    expect([method, error]).toEqual([method, null]);
    if (data === null) throw new Error(`${method} answered nothing`);
    answers.push({ method, data, ...(type === undefined ? {} : { type }) });
    return data;
  };

  it('is collected for webhooks and their events', async () => {
    const { webhooks, emails } = sendoff.resend;
    const receiver = await startReceiver();
    try {
      const events = [
        'email.sent',
        'email.delivered',
        'email.bounced',
        'email.scheduled',
        'suppression.added',
      ] as const;
      const made = { endpoint: receiver.url, events: [...events] };
      const { id: webhookId } = collect('webhooks.create', await webhooks.create(made));
      await emails.send(email({ to: 'ooto@simulator.amazonses.com', tags: [{ name: 'a', value: 'b' }] }));
      await emails.send(email({ to: 'bounce+types@simulator.amazonses.com', scheduledAt: 'in 1 second' }));
      await sendoff.resend.suppressions.add({ email: 'hook@example.org' });
      await Promise.all(events.map((type) => receiver.waitFor(({ event }) => event.type === type)));
      await sendoff.cloud.idle();
      const { data } = collect('webhooks.events.list', await webhooks.events.list({ webhookId }));
      expect(new Set(data.map(({ type }) => type))).toEqual(new Set(events));
      for (const { id: eventId } of data)
        collect('webhooks.events.get', await webhooks.events.get({ webhookId, eventId }));
      const event = { webhookId, eventId: data[0]?.id ?? '' };
      collect('webhooks.events.attempts.list', await webhooks.events.attempts.list(event));
      collect('webhooks.events.replay', await webhooks.events.replay(event));
      collect('webhooks.list', await webhooks.list());
      collect('webhooks.get', await webhooks.get(webhookId));
      collect('webhooks.rotateSigningSecret', await webhooks.rotateSigningSecret(webhookId));
      collect('webhooks.update', await webhooks.update(webhookId, { status: 'disabled' }));
      collect('webhooks.remove', await webhooks.remove(webhookId));
    } finally {
      await receiver.close();
    }
  });

  it('is collected for emails with every status', async () => {
    const { emails, batch } = sendoff.resend;
    const { id } = collect('emails.send', await emails.send(email({ attachments: [file], text: 'Hello' })));
    const later = collect('emails.send', await emails.send(email({ scheduledAt: 'in 1 hour', cc: 'c@example.org' })));
    collect('emails.get', await emails.get(later.id));
    collect('emails.update', await emails.update({ id: later.id, scheduledAt: 'in 2 hours' }));
    collect('emails.cancel', await emails.cancel(later.id));
    collect('emails.get', await emails.get(later.id));
    const bounced = collect(
      'emails.send',
      await emails.send(email({ to: bouncing, tags: [{ name: 'a', value: 'b' }] })),
    );
    // The type for a strict batch contradicts itself: its fields beside `data`, and so `data`, are `never`.
    const permissive = { batchValidation: 'permissive' } as const;
    const type = `CreateBatchSuccessResponse<${JSON.stringify(permissive)}>`;
    collect('batch.send', await batch.send([email(), email({ to: 'nobody' })], permissive), type);
    await sendoff.cloud.idle();
    for (const one of [id, bounced.id]) collect('emails.get', await emails.get(one));
    collect('emails.list', await emails.list({ limit: 3 }));
    const { data: files } = collect('emails.attachments.list', await emails.attachments.list({ emailId: id }));
    const [first] = files;
    collect('emails.attachments.get', await emails.attachments.get({ emailId: id, id: first?.id ?? '' }));
    expect(await (await fetch(first?.download_url ?? '')).text()).toBe('Hello');
  });

  it('is collected for API keys and domains', async () => {
    const { apiKeys, domains } = sendoff.resend;
    sendoff.cloud.ses.set({ verifiedIdentities: ['example.com', 'someone@example.org'] });
    const { data } = collect('domains.list', await domains.list());
    expect(data.map(({ name }) => name)).toEqual(['example.com']);
    const domain = collect('domains.get', await domains.get(data[0]?.id ?? ''));
    expect(domain.records).toHaveLength(3);
    const confined = { name: '', permission: 'sending_access', domain_id: domain.id } as const;
    const { id } = collect('apiKeys.create', await apiKeys.create(confined));
    collect('apiKeys.list', await apiKeys.list());
    collect('apiKeys.update', await apiKeys.update(id, { name: 'Other' }));
    collect('apiKeys.remove', await apiKeys.remove(id));
    sendoff.cloud.ses.set({ verifiedIdentities: undefined });
  });

  it('is collected for suppressions', async () => {
    const { suppressions } = sendoff.resend;
    collect('suppressions.add', await suppressions.add({ email: 'a@example.org' }));
    collect('suppressions.batch.add', await suppressions.batch.add({ emails: ['b@example.org', 'c@example.org'] }));
    collect('suppressions.list', await suppressions.list());
    collect('suppressions.get', await suppressions.get('a@example.org'));
    collect('suppressions.remove', await suppressions.remove('a@example.org'));
    collect(
      'suppressions.batch.remove',
      await suppressions.batch.remove({ emails: ['b@example.org', 'x@example.org'] }),
    );
  });

  it('is collected for topics, contact properties and the topics of contacts', async () => {
    const { topics, contactProperties, contacts } = sendoff.resend;
    const weekly = { name: 'Weekly', description: 'Once a week', defaultSubscription: 'opt_out' } as const;
    const { id } = collect('topics.create', await topics.create(weekly));
    collect('topics.list', await topics.list());
    collect('topics.update', await topics.update({ id, name: 'Weekly news' }));
    const { name, default_subscription } = collect('topics.get', await topics.get(id));
    expect([name, default_subscription]).toEqual(['Weekly news', 'opt_out']);

    const email = 'topics+types@example.org';
    const contact = await contacts.create({ email });
    expect(contact.error).toBeNull();
    const chosen = { email, topics: [{ id, subscription: 'opt_in' as const }] };
    collect('contacts.topics.update', await contacts.topics.update(chosen));
    const listed = collect(
      'contacts.topics.list',
      await contacts.topics.list({ id: contact.data?.id ?? '', limit: 5 }),
    );
    expect(listed.data.map(({ subscription }) => subscription)).toEqual(['opt_in']);
    collect('topics.remove', await topics.remove(id));

    for (const property of [
      { key: 'company_name', type: 'string', fallbackValue: 'your company' },
      { key: 'points', type: 'number' },
    ] as const) {
      const made = collect('contactProperties.create', await contactProperties.create(property));
      collect('contactProperties.update', await contactProperties.update({ id: made.id, fallbackValue: null }));
      const got = collect('contactProperties.get', await contactProperties.get(made.id));
      expect([got.key, got.fallbackValue]).toEqual([property.key, null]);
      collect('contactProperties.list', await contactProperties.list({ limit: 5 }));
      collect('contactProperties.remove', await contactProperties.remove(made.id));
    }
  });

  it('has the types that the client publishes', async () => {
    expect(answers.length).toBeGreaterThan(35);
    expect(await checkAnswers(answers)).toBe('');
  }, 60_000);

  it('would fail this test otherwise', async () => {
    const right = answers.find(({ method }) => method === 'emails.get');
    const wrong = { method: 'emails.get', data: { ...(right?.data as object), message_id: null } };
    const complaints = await checkAnswers([wrong, { method: 'emails.update', data: {} }]);
    expect(complaints).toContain("'null' is not assignable to type 'string'");
    expect(complaints).toMatch(/missing the following properties.*: id, object/);
  }, 60_000);
});

it('the OpenAPI document has the URL by which this machine reaches the server', async () => {
  const { json } = await sendoff.request('GET', '/openapi.json');
  expect(json.servers).toEqual([{ url: sendoff.cloud.apiUrl }]);
});
