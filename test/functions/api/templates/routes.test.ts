import { beforeEach, describe, expect, it } from 'vitest';
import { type ApiClient, createApiClient } from '../../../helpers/api-client.ts';

const welcome = {
  name: 'Welcome',
  alias: 'welcome',
  from: 'Shop <shop@example.com>',
  subject: 'Hello {{{NAME}}}',
  html: '<p>{{{NAME}}}, you have {{{POINTS|no}}} points {{{GREETING}}}</p>',
  variables: [
    { key: 'NAME', type: 'string' },
    { key: 'POINTS', type: 'number' },
    { key: 'GREETING', type: 'string', fallback_value: 'Bye' },
  ],
};
const to = 'ada@example.org';
const DAY_MS = 86_400_000;

let api: ApiClient;
beforeEach(async () => {
  api = await createApiClient();
});

async function created(fields: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await api.ask('POST', '/templates', { ...welcome, ...fields });
  expect([status, body.object]).toEqual([201, 'template']);
  return body.id;
}

async function published(fields: Record<string, unknown> = {}): Promise<string> {
  const id = await created(fields);
  expect(await api.ask('POST', `/templates/${id}/publish`)).toMatchObject({
    status: 200,
    body: { object: 'template', id },
  });
  return id;
}

/** The content of an email that was accepted with this template. */
async function content(template: unknown, fields: Record<string, unknown> = {}) {
  const sent = await api.ask('POST', '/emails', { to, template, ...fields });
  expect(sent.status).toBe(200);
  const { subject, from, html, text, reply_to } = (await api.ask('GET', `/emails/${sent.body.id}`)).body;
  return { subject, from, html, text, reply_to };
}

describe('a template', () => {
  it('is a draft with every field that Resend shows', async () => {
    const id = await created();
    const { body } = await api.ask('GET', '/templates/welcome');
    expect(body).toMatchObject({
      object: 'template',
      id,
      name: 'Welcome',
      alias: 'welcome',
      status: 'draft',
      published_at: null,
      has_unpublished_versions: true,
      from: 'Shop <shop@example.com>',
      subject: welcome.subject,
      reply_to: null,
      html: welcome.html,
      text: null,
    });
    expect(body.variables.map((one: { fallback_value: unknown }) => one.fallback_value)).toEqual([null, null, 'Bye']);
    expect((await api.ask('GET', '/templates')).body).toMatchObject({
      has_more: false,
      data: [{ id, status: 'draft' }],
    });
  });

  it('cannot be sent before it is published, and is sent as it was published', async () => {
    const id = await created();
    const draft = await api.ask('POST', '/emails', { to, template: { id, variables: { NAME: 'Ada' } } });
    expect([draft.status, draft.body.message]).toEqual([422, expect.stringContaining('publish it first')]);
    await api.ask('POST', `/templates/${id}/publish`);
    await api.ask('PATCH', '/templates/welcome', { html: '<p>changed</p>', subject: 'Draft', variables: [] });
    expect((await api.ask('GET', `/templates/${id}`)).body).toMatchObject({
      status: 'published',
      has_unpublished_versions: true,
      html: '<p>changed</p>',
    });
    const before = await content({ id: 'welcome', variables: { NAME: 'Ada', POINTS: 3 } });
    expect(before).toMatchObject({
      subject: 'Hello Ada',
      html: '<p>Ada, you have 3 points Bye</p>',
      from: 'Shop <shop@example.com>',
    });
    await api.ask('PATCH', `/templates/${id}`, { subject: 'New' });
    await api.ask('POST', `/templates/${id}/publish`);
    expect(await content({ id })).toMatchObject({ subject: 'New', html: '<p>changed</p>' });
  });

  it('keeps the content of emails that were accepted with it, when it changes and when it is deleted', async () => {
    const id = await published();
    const sent = await api.ask('POST', '/emails', { to, template: { id, variables: { NAME: 'Ada' } } });
    expect((await api.ask('GET', `/emails/${sent.body.id}`)).body.template_id).toBe(id);
    await api.ask('PATCH', `/templates/${id}`, { html: '<p>other {{{NAME}}}</p>' });
    await api.ask('POST', `/templates/${id}/publish`);
    expect((await api.ask('DELETE', `/templates/${id}`)).body).toEqual({ object: 'template', id, deleted: true });
    expect((await api.ask('GET', `/templates/${id}`)).status).toBe(404);
    expect((await api.ask('GET', `/emails/${sent.body.id}`)).body.html).toBe('<p>Ada, you have no points Bye</p>');
  });

  it('gives way to the sender, subject and reply_to of the request', async () => {
    const id = await published({ reply_to: 'help@example.com' });
    const template = { id, variables: { NAME: 'Ada' } };
    expect(await content(template)).toMatchObject({ reply_to: ['help@example.com'] });
    const own = { from: 'Me <me@example.com>', subject: 'Mine', reply_to: 'me@example.com' };
    expect(await content(template, own)).toMatchObject({
      ...own,
      reply_to: ['me@example.com'],
    });
  });

  it('has one alias, which is free again when it changes', async () => {
    const id = await created();
    expect((await api.ask('POST', '/templates', welcome)).body.message).toContain('another template has the alias');
    expect((await api.ask('PATCH', `/templates/${id}`, { alias: 'hello' })).status).toBe(200);
    expect((await api.ask('GET', '/templates/hello')).body.id).toBe(id);
    expect((await api.ask('GET', '/templates/welcome')).status).toBe(404);
    await created();
    await api.ask('PATCH', `/templates/${id}`, { alias: null });
    expect((await api.ask('GET', '/templates/hello')).status).toBe(404);
  });

  it('shows its versions: the draft, the published one, and those before it until they expire', async () => {
    const id = await created();
    const versions = async () => (await api.ask('GET', `/templates/${id}/versions`)).body.data;
    const publish = async (at: number, subject: string) => {
      api.clock.nowMs = at;
      await api.ask('PATCH', `/templates/${id}`, { subject });
      await api.ask('POST', '/templates/welcome/publish');
    };
    const start = api.clock.nowMs;
    const at = (nth: number) => new Date(start + nth * DAY_MS).toISOString();
    expect(await versions()).toMatchObject([{ status: 'draft', published_at: null }]);
    for (const nth of [1, 2, 3]) await publish(start + nth * DAY_MS, `Subject ${nth}`);
    await api.ask('PATCH', `/templates/${id}`, { subject: 'Draft' });
    const [draft, third, second, first] = await versions();
    expect(draft.status).toBe('draft');
    expect([third, second, first]).toMatchObject([
      { status: 'published', published_at: at(3) },
      { status: 'superseded', published_at: at(2) },
      { status: 'superseded', published_at: at(1) },
    ]);
    const path = `/templates/welcome/versions/${first.id}`;
    expect((await api.ask('GET', path)).body).toMatchObject({
      ...{ object: 'template_version', id: first.id, template_id: id, subject: 'Subject 1', html: welcome.html },
    });
    const other = await created({ alias: undefined });
    expect((await api.ask('GET', `/templates/${other}/versions/${first.id}`)).status).toBe(404);
    api.clock.nowMs += 61 * DAY_MS;
    expect((await api.ask('GET', path)).status).toBe(404);
  });

  it('is copied as a draft', async () => {
    const id = await published();
    const { body } = await api.ask('POST', '/templates/welcome/duplicate');
    expect(body.id).not.toBe(id);
    expect((await api.ask('GET', `/templates/${body.id}`)).body).toMatchObject({
      name: 'Welcome (copy)',
      alias: null,
      status: 'draft',
      html: welcome.html,
      subject: welcome.subject,
    });
  });
});

describe('refused are', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['a template without html', { html: undefined }, 'Missing `html` field.'],
    ['a template without a name', { name: undefined }, 'Missing `name` field.'],
    [
      'an undeclared variable',
      { html: '{{{OTHER}}}' },
      "Variable 'OTHER' is used in the template but not defined in the variables list",
    ],
    ['a reserved variable', { variables: [{ key: 'EMAIL', type: 'string' }] }, '`EMAIL` is reserved'],
    ['a variable declared twice', { variables: [...welcome.variables, welcome.variables[0]] }, '`NAME` is there twice'],
    [
      'a fallback of another type',
      { variables: [{ key: 'NAME', type: 'number', fallback_value: 'x' }] },
      'must be of type number',
    ],
    ['a wrong sender', { from: 'nobody' }, 'Invalid `from` field.'],
    ['an alias with a slash', { alias: 'a/b' }, 'An alias has only'],
    ['more than an item of the table holds', { html: 'x'.repeat(400_000) }, 'too large'],
    ['a misspelt field', { subjct: 'x' }, 'Did you mean `subject`?'],
  ])('%s', async (_what, fields, message) => {
    const { status, body } = await api.ask('POST', '/templates', { ...welcome, ...fields });
    expect([status, body.message]).toEqual([422, expect.stringContaining(message)]);
    expect((await api.ask('GET', '/templates')).body.data).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a missing variable', { template: { id: 'welcome' } }, 'Missing `template.variables.NAME` field'],
    ['a variable of another type', { template: { id: 'welcome', variables: { NAME: 5 } } }, 'must be of type string'],
    [
      'a long value',
      { template: { id: 'welcome', variables: { NAME: 'x'.repeat(2_001) } } },
      'at most 2000 characters',
    ],
    ['html beside a template', { html: 'x', template: { id: 'welcome', variables: { NAME: 'a' } } }, 'Give either'],
    ['a list as a template', { template: ['welcome'] }, '`template`'],
  ])('an email with %s', async (_what, fields, message) => {
    await published();
    const { status, body } = await api.ask('POST', '/emails', { to, ...fields });
    expect([status, body.message]).toEqual([422, expect.stringContaining(message)]);
  });

  it('an email with a template that does not exist, alone and in a permissive batch', async () => {
    await published();
    const bad = { to, template: { id: 'none' } };
    expect(await api.ask('POST', '/emails', bad)).toMatchObject({
      status: 404,
      body: { message: 'Template not found' },
    });
    const good = { to, template: { id: 'welcome', variables: { NAME: 'Ada' } } };
    const { body } = await api.ask('POST', '/emails/batch', [good, bad, good], { 'x-batch-validation': 'permissive' });
    expect([body.data.length, body.errors]).toEqual([2, [{ index: 1, message: 'Template not found' }]]);
  });

  it('an email whose template has neither sender nor subject', async () => {
    const id = await published({ from: undefined, subject: undefined });
    const template = { id, variables: { NAME: 'Ada' } };
    expect((await api.ask('POST', '/emails', { to, template })).body.message).toBe('Missing `from` field.');
    const { body } = await api.ask('POST', '/emails', { to, template, from: 'a@example.com' });
    expect(body.message).toBe('Missing `subject` field.');
  });
});

it('what a variable holds is never a placeholder, and never a header', async () => {
  await published({ alias: 'other' });
  const values = { NAME: '{{{GREETING}}}\r\nBcc: x@example.org', GREETING: '<b>' };
  const { subject, html } = await content({ id: 'other', variables: values });
  expect(subject).toBe('Hello {{{GREETING}}} Bcc: x@example.org');
  expect(html).toBe('<p>{{{GREETING}}}\r\nBcc: x@example.org, you have no points <b></p>');
});

it('changes at the same moment lose none, and what is published does not change any more', async () => {
  const id = await created({ alias: undefined });
  const fields = [{ subject: 'S' }, { from: 'new@example.com' }, { text: 'T' }, { reply_to: 'r@example.com' }];
  const answers = await Promise.all(fields.map((field) => api.ask('PATCH', `/templates/${id}`, field)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect((await api.ask('GET', `/templates/${id}`)).body).toMatchObject({
    subject: 'S',
    text: 'T',
    reply_to: ['r@example.com'],
  });
  await Promise.all([api.ask('POST', `/templates/${id}/publish`), api.ask('PATCH', `/templates/${id}`, { text: 'U' })]);
  const shown = (await api.ask('GET', `/templates/${id}`)).body;
  const { text } = await content({ id, variables: { NAME: 'Ada' } });
  expect(shown.text).toBe('U');
  expect(text).toBe(shown.has_unpublished_versions ? 'T' : 'U');
});
