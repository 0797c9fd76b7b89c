import { describe, expect, it } from 'vitest';
import { type ClientAnswer, checkAnswers } from '../helpers/client-types.ts';
import { startReceiver } from './receiver.ts';
import { anEmail, running } from './running.ts';

const sendoff = running();

const bouncing = 'bounce@simulator.amazonses.com';
const file = { filename: 'notes.txt', content: Buffer.from('Hello').toString('base64') };
const email = (more: object = {}) => anEmail(more) as never;

describe('what the API answers to the official client', () => {
  const answers: ClientAnswer[] = [];
  /** Keeps the answer for the compiler; what fails is told at once. */
  const noted = <T>(method: string, { data, error }: { data: T | null; error: unknown }, type?: string): T => {
    expect([method, error]).toEqual([method, null]);
    if (data === null) throw new Error(`${method} answered nothing`);
    answers.push({ method, data, ...(type === undefined ? {} : { type }) });
    return data;
  };

  // First: functions remember for seconds that there is no endpoint.
  it('is collected of webhooks and what they are told', async () => {
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
      const { id: webhookId } = noted('webhooks.create', await webhooks.create(made));
      await emails.send(email({ to: 'ooto@simulator.amazonses.com', tags: [{ name: 'a', value: 'b' }] }));
      await emails.send(email({ to: 'bounce+types@simulator.amazonses.com', scheduledAt: 'in 1 second' }));
      await sendoff.resend.suppressions.add({ email: 'hook@example.org' });
      await Promise.all(events.map((type) => receiver.waitFor(({ event }) => event.type === type)));
      await sendoff.cloud.idle();
      const { data } = noted('webhooks.events.list', await webhooks.events.list({ webhookId }));
      expect(new Set(data.map(({ type }) => type))).toEqual(new Set(events));
      for (const { id: eventId } of data)
        noted('webhooks.events.get', await webhooks.events.get({ webhookId, eventId }));
      const event = { webhookId, eventId: data[0]?.id ?? '' };
      noted('webhooks.events.attempts.list', await webhooks.events.attempts.list(event));
      noted('webhooks.events.replay', await webhooks.events.replay(event));
      noted('webhooks.list', await webhooks.list());
      noted('webhooks.get', await webhooks.get(webhookId));
      noted('webhooks.rotateSigningSecret', await webhooks.rotateSigningSecret(webhookId));
      noted('webhooks.update', await webhooks.update(webhookId, { status: 'disabled' }));
      noted('webhooks.remove', await webhooks.remove(webhookId));
    } finally {
      await receiver.close();
    }
  });

  it('is collected of emails in every state', async () => {
    const { emails, batch } = sendoff.resend;
    const { id } = noted('emails.send', await emails.send(email({ attachments: [file], text: 'Hello' })));
    const later = noted('emails.send', await emails.send(email({ scheduledAt: 'in 1 hour', cc: 'c@example.org' })));
    noted('emails.get', await emails.get(later.id));
    noted('emails.update', await emails.update({ id: later.id, scheduledAt: 'in 2 hours' }));
    noted('emails.cancel', await emails.cancel(later.id));
    noted('emails.get', await emails.get(later.id));
    const bounced = noted('emails.send', await emails.send(email({ to: bouncing, tags: [{ name: 'a', value: 'b' }] })));
    // The type of a strict batch's answer contradicts itself: its fields besides `data`, and so `data`, are `never`.
    const permissive = { batchValidation: 'permissive' } as const;
    const type = `CreateBatchSuccessResponse<${JSON.stringify(permissive)}>`;
    noted('batch.send', await batch.send([email(), email({ to: 'nobody' })], permissive), type);
    await sendoff.cloud.idle();
    for (const one of [id, bounced.id]) noted('emails.get', await emails.get(one));
    noted('emails.list', await emails.list({ limit: 3 }));
    const { data: files } = noted('emails.attachments.list', await emails.attachments.list({ emailId: id }));
    const [first] = files;
    noted('emails.attachments.get', await emails.attachments.get({ emailId: id, id: first?.id ?? '' }));
    expect(await (await fetch(first?.download_url ?? '')).text()).toBe('Hello');
  });

  it('is collected of API keys and domains', async () => {
    const { apiKeys, domains } = sendoff.resend;
    sendoff.cloud.ses.set({ verifiedIdentities: ['example.com', 'someone@example.org'] });
    const { data } = noted('domains.list', await domains.list());
    expect(data.map(({ name }) => name)).toEqual(['example.com']);
    const domain = noted('domains.get', await domains.get(data[0]?.id ?? ''));
    expect(domain.records).toHaveLength(3);
    const confined = { name: '', permission: 'sending_access', domain_id: domain.id } as const;
    const { id } = noted('apiKeys.create', await apiKeys.create(confined));
    noted('apiKeys.list', await apiKeys.list());
    noted('apiKeys.update', await apiKeys.update(id, { name: 'Other' }));
    noted('apiKeys.remove', await apiKeys.remove(id));
    sendoff.cloud.ses.set({ verifiedIdentities: undefined });
  });

  it('is collected of suppressions', async () => {
    const { suppressions } = sendoff.resend;
    noted('suppressions.add', await suppressions.add({ email: 'a@example.org' }));
    noted('suppressions.batch.add', await suppressions.batch.add({ emails: ['b@example.org', 'c@example.org'] }));
    noted('suppressions.list', await suppressions.list());
    noted('suppressions.get', await suppressions.get('a@example.org'));
    noted('suppressions.remove', await suppressions.remove('a@example.org'));
    noted('suppressions.batch.remove', await suppressions.batch.remove({ emails: ['b@example.org', 'x@example.org'] }));
  });

  it('is of the types that the client publishes', async () => {
    expect(answers.length).toBeGreaterThan(35);
    expect(await checkAnswers(answers)).toBe('');
  }, 60_000);

  it('would not pass if it were not', async () => {
    const right = answers.find(({ method }) => method === 'emails.get');
    const wrong = { method: 'emails.get', data: { ...(right?.data as object), message_id: null } };
    const complaints = await checkAnswers([wrong, { method: 'emails.update', data: {} }]);
    expect(complaints).toContain("'null' is not assignable to type 'string'");
    expect(complaints).toMatch(/missing the following properties.*: id, object/);
  }, 60_000);
});

it('the OpenAPI document names the server as this machine reaches it', async () => {
  const { json } = await sendoff.request('GET', '/openapi.json');
  expect(json.servers).toEqual([{ url: sendoff.cloud.apiUrl }]);
});
