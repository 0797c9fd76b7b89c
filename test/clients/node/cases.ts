import assert from 'node:assert/strict';
import type { Resend as ResendClient } from 'resend';

/**
 * The vendor's client for Node; RESEND_PACKAGE is where the version under test is. What an old version has no method
 * for is no case of it.
 */
const {
  SENDOFF_URL = '',
  SENDOFF_API_KEY = '',
  SENDOFF_HOOK_URL,
  SENDOFF_FILE_URL,
  RESEND_PACKAGE = 'resend',
} = process.env;
// Version 4 takes no options: its address comes from the environment.
process.env.RESEND_BASE_URL = SENDOFF_URL;
const { Resend } = (await import(RESEND_PACKAGE)) as typeof import('resend');
const clientWith = (key: string): ResendClient => new Resend(key);
const resend = clientWith(SENDOFF_API_KEY);

const UUID = /^[0-9a-f-]{36}$/;
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const FROM = 'Shop <shop@example.com>';
const BAD_TO =
  'Invalid `to` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format.';
const BAD_TAG = 'Tags should only contain ASCII letters, numbers, underscores, or dashes.';

async function test(name: string, run: (name: string) => Promise<unknown>): Promise<void> {
  try {
    await run(name);
    console.log(JSON.stringify({ case: name, ok: true }));
  } catch (error) {
    console.log(
      JSON.stringify({ case: name, ok: false, error: error instanceof Error ? error.message : String(error) }),
    );
  }
}

/** The data of an answer; throws the client's error. */
async function ok<T>(answer: Promise<{ data: T | null; error: unknown }>): Promise<T> {
  const { data, error } = await answer;
  if (error || data === null) throw new Error(JSON.stringify(error));
  return data;
}

async function fails(answer: Promise<{ error: unknown }>, name: string, statusCode: number, message?: string) {
  const { error } = (await answer) as { error: { name?: string; statusCode?: number; message?: string } | null };
  assert.equal(error?.name, name, JSON.stringify(error));
  // Version 4 does not tell the status.
  if (error?.statusCode !== undefined) assert.equal(error.statusCode, statusCode);
  if (message !== undefined) assert.ok(error?.message?.startsWith(message), error?.message);
}

const to = (label: string) => `success+${label}@simulator.amazonses.com`;
const email = (subject: string, more: object = {}) => ({
  from: FROM,
  to: [to('node')],
  subject,
  text: 'Hello',
  ...more,
});
const send = async (subject: string, more: object = {}) => (await ok(resend.emails.send(email(subject, more)))).id;
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

async function lastEvent(id: string, wanted: string): Promise<void> {
  let last = '';
  for (let tries = 0; tries < 80; tries++) {
    last = (await ok(resend.emails.get(id))).last_event;
    if (last === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`last_event is ${last}, not ${wanted}`);
}

let sent = '';
await test('send', async (name) => {
  sent = await send(name, { html: '<p>Grüße</p>', text: 'Grüße' });
  assert.match(sent, UUID);
});
await test('send to a single address', (name) => send(name, { to: to('single') }));
await test('cc, bcc, reply_to', (name) =>
  send(name, { cc: ['cc@example.com'], bcc: 'bcc@example.com', replyTo: 'answers@example.com' }));
await test('tags', (name) => send(name, { tags: [{ name: 'campaign', value: 'welcome' }] }));
await test('headers', (name) => send(name, { headers: { 'X-Order': '42' } }));
await test('no headers', (name) => send(name, { headers: {} }));
await test('html alone', (name) => send(name, { text: undefined, html: '<p>Hello</p>' }));
await test('attachment of bytes', (name) =>
  send(name, { attachments: [{ filename: 'bytes.bin', content: ALL_BYTES }] }));
await test('attachment of base64', (name) =>
  send(name, { attachments: [{ filename: 'base64.bin', content: ALL_BYTES.toString('base64') }] }));
await test('attachment by path', (name) =>
  send(name, { attachments: [{ filename: 'note.txt', path: SENDOFF_FILE_URL }] }));
await test('attachment with a type', (name) =>
  send(name, { attachments: [{ filename: 'typed.bin', content: ALL_BYTES, contentType: 'application/x-test' }] }));
const logo = { filename: 'logo.png', content: ALL_BYTES.toString('base64'), contentType: 'image/png' };
const html = '<img src="cid:logo">';
if (RESEND_PACKAGE === 'resend')
  await test('inline attachment', (name) => send(name, { html, attachments: [{ ...logo, contentId: 'logo' }] }));
await test('delivered', () => lastEvent(sent, 'delivered'));
await test('get', async () => {
  const got = await ok(resend.emails.get(sent));
  assert.equal(got.object, 'email');
  assert.equal(got.subject, 'send');
  assert.deepEqual(got.to, [to('node')]);
  assert.equal(got.html, '<p>Grüße</p>');
  assert.equal(got.scheduled_at, null);
  assert.ok(!Number.isNaN(Date.parse(got.created_at)));
  if ('message_id' in got) assert.equal(typeof got.message_id, 'string');
});

await test('batch', async (name) => {
  const { data } = await ok(resend.batch.send([email(name), email(name, { to: to('second') })]));
  assert.equal(data.length, 2);
});
await test('batch refused whole', () =>
  fails(resend.batch.send([email('never'), email('never', { to: 'nobody' })]), 'validation_error', 422));
if (RESEND_PACKAGE === 'resend')
  await test('batch in part', async (name) => {
    const emails = [email(name), email(name, { to: 'nobody' })];
    const { data, errors } = await ok(resend.batch.send(emails, { batchValidation: 'permissive' }));
    assert.equal(data.length, 1);
    assert.equal(errors?.[0]?.index, 1);
  });

if ('list' in resend.emails) {
  await test('list', async () => {
    const { data, object } = await ok(resend.emails.list());
    assert.equal(object, 'list');
    assert.ok(data.some(({ id }) => id === sent));
  });
  await test('list in pages', async () => {
    const first = await ok(resend.emails.list({ limit: 2 }));
    assert.deepEqual([first.data.length, first.has_more], [2, true]);
    const after = await ok(resend.emails.list({ limit: 2, after: first.data[1]?.id ?? '' }));
    assert.ok(after.data.every(({ id }) => first.data.every((one) => one.id !== id)));
    const before = await ok(resend.emails.list({ limit: 1, before: first.data[1]?.id ?? '' }));
    assert.equal(before.data[0]?.id, first.data[0]?.id);
  });
}

let scheduled = '';
await test('schedule', async (name) => {
  scheduled = await send(name, { scheduledAt: inHours(1) });
  assert.equal((await ok(resend.emails.get(scheduled))).last_event, 'scheduled');
});
await test('schedule in English', async (name) => {
  await ok(resend.emails.cancel(await send(name, { scheduledAt: 'in 1 hour' })));
});
await test('reschedule', async () => {
  const scheduledAt = inHours(2);
  await ok(resend.emails.update({ id: scheduled, scheduledAt }));
  const { scheduled_at = '' } = await ok(resend.emails.get(scheduled));
  assert.ok(Math.abs(Date.parse(scheduled_at ?? '') - Date.parse(scheduledAt)) <= 1_000, scheduled_at ?? 'null');
});
await test('cancel', async () => {
  assert.equal((await ok(resend.emails.cancel(scheduled))).id, scheduled);
  assert.equal((await ok(resend.emails.get(scheduled))).last_event, 'canceled');
});

const key = { id: '', token: '' };
await test('key create', async () => {
  Object.assign(key, await ok(resend.apiKeys.create({ name: 'clients', permission: 'sending_access' })));
  assert.ok(key.token.startsWith('re_'), `it begins with ${key.token.slice(0, 3)}`);
  await ok(clientWith(key.token).emails.send(email('with another key')));
});
await test('key list', async () => {
  const answer = await ok(resend.apiKeys.list());
  const keys = Array.isArray(answer) ? answer : answer.data;
  const found = keys.find(({ id }) => id === key.id);
  assert.equal(found?.name, 'clients');
  assert.ok('last_used_at' in found, 'last_used_at is missing');
});
if ('update' in resend.apiKeys) await test('key update', () => ok(resend.apiKeys.update(key.id, { name: 'renamed' })));
await test('key delete', () => ok(resend.apiKeys.remove(key.id)));

if ('webhooks' in resend) {
  const hook = { id: '', signing_secret: '' };
  await test('webhook create', async () => {
    const endpoint = SENDOFF_HOOK_URL ?? '';
    Object.assign(hook, await ok(resend.webhooks.create({ endpoint, events: ['email.delivered'] })));
    assert.ok(hook.signing_secret.startsWith('whsec_'));
  });
  await test('webhook verify', async () => {
    const id = await send('for a webhook');
    const arrived = (await (await fetch(`${SENDOFF_HOOK_URL}/${id}`)).json()) as Record<
      'id' | 'timestamp' | 'signature' | 'payload',
      string
    >;
    assert.ok(arrived.payload, 'no webhook arrived');
    const { payload, ...headers } = arrived;
    const event = resend.webhooks.verify({ payload, headers, webhookSecret: hook.signing_secret });
    assert.equal(event.type, 'email.delivered');
    const other = { payload: `${payload} `, headers, webhookSecret: hook.signing_secret };
    assert.throws(() => resend.webhooks.verify(other));
  });
  await test('webhook get', async () => assert.equal((await ok(resend.webhooks.get(hook.id))).status, 'enabled'));
  await test('webhook list', async () => assert.equal((await ok(resend.webhooks.list())).data[0]?.id, hook.id));
  await test('webhook update', async () => {
    await ok(resend.webhooks.update(hook.id, { events: ['email.bounced'], status: 'disabled' }));
    const { events, status } = await ok(resend.webhooks.get(hook.id));
    assert.deepEqual([events, status], [['email.bounced'], 'disabled']);
  });
  await test('webhook update of nothing', () => ok(resend.webhooks.update(hook.id, {})));
  await test('webhook delete', async () => assert.ok((await ok(resend.webhooks.remove(hook.id))).deleted));
}

if ('suppressions' in resend) {
  const address = 'nobody@example.com';
  await test('suppression add', () => ok(resend.suppressions.add({ email: address })));
  await test('suppression get', async () =>
    assert.equal((await ok(resend.suppressions.get(address))).origin, 'manual'));
  await test('suppression list', async () =>
    assert.equal((await ok(resend.suppressions.list())).data[0]?.email, address));
  await test('suppression remove', () => ok(resend.suppressions.remove(address)));
  const emails = ['one@example.com', 'two@example.com'];
  await test('suppression batch add', async () =>
    assert.equal((await ok(resend.suppressions.batch.add({ emails }))).data.length, 2));
  await test('suppression batch remove', async () =>
    assert.equal((await ok(resend.suppressions.batch.remove({ emails }))).data.length, 2));
}

if ('attachments' in resend.emails) {
  const { attachments } = resend.emails;
  await test('attachments list and get', async (name) => {
    const emailId = await send(name, { attachments: [{ filename: 'bytes.bin', content: ALL_BYTES }] });
    const [file] = (await ok(attachments.list({ emailId }))).data;
    assert.equal(file?.filename, 'bytes.bin');
    assert.equal((await ok(attachments.get({ emailId, id: file.id }))).size, 256);
  });
}
await test('domain list and get', async () => {
  const answer = await ok(resend.domains.list());
  const found = (Array.isArray(answer) ? answer : answer.data).find(({ name }) => name === 'example.com');
  assert.equal((await ok(resend.domains.get(found?.id ?? 'none'))).name, 'example.com');
});

await test('idempotency key', async (name) => {
  const options = { idempotencyKey: 'clients-once' };
  const first = await ok(resend.emails.send(email(name), options));
  assert.equal((await ok(resend.emails.send(email(name), options))).id, first.id);
  await fails(resend.emails.send(email('another'), options), 'invalid_idempotent_request', 409);
});

await test('error: bad to', (name) =>
  fails(resend.emails.send(email(name, { to: 'nobody' })), 'validation_error', 422, BAD_TO));
await test('error: bad tag', (name) =>
  fails(resend.emails.send(email(name, { tags: [{ name: 'a b', value: 'c' }] })), 'validation_error', 422, BAD_TAG));
await test('error: unknown id', () =>
  fails(resend.emails.get('00000000-0000-4000-8000-000000000000'), 'not_found', 404));
await test('error: bad key', (name) => fails(clientWith('re_wrong').emails.send(email(name)), 'invalid_api_key', 403));

await test('simulator: bounced', async (name) => {
  await lastEvent(await send(name, { to: 'bounced@resend.dev' }), 'bounced');
  await lastEvent(await send(`${name} again`, { to: 'bounced@resend.dev' }), 'bounced');
});
await test('simulator: complained', async (name) =>
  lastEvent(await send(name, { to: 'complained@resend.dev' }), 'complained'));
await test('simulator: suppressed', async (name) =>
  lastEvent(await send(name, { to: 'suppressed@resend.dev' }), 'suppressed'));
