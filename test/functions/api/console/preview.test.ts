import { describe, expect, it } from 'vitest';
import { withInlineImages } from '../../../../functions/api/console/inline-images.ts';
import { createApiClient, FULL_KEY, SENDING_KEY } from '../../../helpers/api-client.ts';
import { plainEmail } from '../../../helpers/sending-simulation.ts';

const { app, ask } = await createApiClient();
const authorization = `Bearer ${FULL_KEY}`;
const get = (path: string, key = authorization) => app.request(path, { headers: { authorization: key } });
const post = (fields: Record<string, string>, query = '') =>
  app.request(`/console/preview${query}`, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams(fields),
  });
const policyOf = ({ headers }: Response) => headers.get('content-security-policy')?.split('; ') ?? [];
const send = async (fields: Record<string, unknown>) =>
  (await ask('POST', '/emails', { from: 'me@example.com', to: 'you@example.com', subject: 'Hi', ...fields })).body.id;

/** Whatever an email may try. */
const HOSTILE = `<!doctype html><html><head><base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">
<style>@import url(https://evil.example/a.css); body { background: url(https://evil.example/t.gif) }</style>
<script>parent.postMessage(document.cookie, '*')</script></head>
<body onload="alert(1)"><form action="/emails" method="post"><input autofocus onfocus="alert(2)"><button>Send</button></form>
<iframe src="/console"></iframe><object data="/console"></object><a href="javascript:alert(3)" target="_top">x</a>
<img src="https://evil.example/t.gif" onerror="alert(4)"><link rel="stylesheet" href="https://evil.example/b.css"></body></html>`;

describe('the preview of an email', () => {
  it('is in an origin of its own that runs, sends and loads nothing', async () => {
    const response = await get(`/console/preview/emails/${await send({ html: HOSTILE })}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(policyOf(response)).toEqual([
      'sandbox',
      "default-src 'none'",
      "style-src 'unsafe-inline'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'self'",
    ]);
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('loads images from elsewhere when it is asked to, and nothing else', async () => {
    const id = await send({ html: HOSTILE });
    const [without, withImages] = [
      policyOf(await get(`/console/preview/emails/${id}`)),
      policyOf(await get(`/console/preview/emails/${id}?images=1`)),
    ];
    expect(withImages).toEqual(without.map((rule) => (rule === 'img-src data:' ? 'img-src data: https: http:' : rule)));
  });

  it('shows inline images', async () => {
    const attachments = [{ filename: 'dot.png', content: btoa('dot'), content_id: 'dot@1' }];
    const id = await send({ html: '<img src="cid:dot@1"><img src="cid:dot%401"><img src="cid:none">', attachments });
    const html = await (await get(`/console/preview/emails/${id}`)).text();
    const image = `<img src="data:image/png;base64,${btoa('dot')}">`;
    expect(html).toBe(`<base target="_blank">${image}${image}<img src="cid:none">`);
  });

  it('shows the text as text', async () => {
    const id = await send({ html: '<p>Hi</p>', text: '<script>alert(1)</script>' });
    const response = await get(`/console/preview/emails/${id}?part=text`);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(policyOf(response)).toContain('sandbox');
    expect(await response.text()).toBe('<script>alert(1)</script>');
    const onlyText = await send({ text: 'Hi' });
    expect(await (await get(`/console/preview/emails/${onlyText}`)).text()).toBe('Hi');
    expect((await get(`/console/preview/emails/${onlyText}?part=html`)).status).toBe(404);
    for (const query of ['part=raw', 'images=yes'])
      expect((await get(`/console/preview/emails/${id}?${query}`)).status).toBe(422);
  });

  it('is for keys that may read', async () => {
    const id = await send(plainEmail);
    expect((await get(`/console/preview/emails/${id}`, `Bearer ${SENDING_KEY}`)).status).toBe(401);
    expect((await get(`/console/preview/emails/${id}`, '')).status).toBe(401);
    for (const unknown of ['x', '00000000-0000-4000-8000-000000000000'])
      expect((await get(`/console/preview/emails/${unknown}`)).status).toBe(404);
  });
});

describe('the preview of other content', () => {
  it('shows a template with the fallbacks of its variables, and the keys of those without', async () => {
    const variables = [
      { key: 'NAME', type: 'string', fallback_value: 'you' },
      { key: 'CODE', type: 'number' },
    ];
    const html = '<p>{{{NAME}}} {{{CODE}}}</p>';
    const { id } = (await ask('POST', '/templates', { name: 'T', alias: 'welcome', html, variables })).body;
    for (const name of [id, 'welcome']) {
      const response = await get(`/console/preview/templates/${name}`);
      expect(await response.text()).toBe('<base target="_blank"><p>you [CODE]</p>');
      expect(policyOf(response)).toContain('sandbox');
    }
  });

  it('shows a broadcast with the fallbacks of its placeholders', async () => {
    const { id: segment_id } = (await ask('POST', '/segments', { name: 'All' })).body;
    const fields = {
      segment_id,
      from: 'me@example.com',
      subject: 'News',
      html: 'Hi {{{FIRST_NAME|there}}} {{{city}}}',
    };
    const { id } = (await ask('POST', '/broadcasts', fields)).body;
    const response = await get(`/console/preview/broadcasts/${id}`);
    expect(await response.text()).toBe('<base target="_blank">Hi there [city]');
    expect(policyOf(response)).toContain('sandbox');
  });

  it('shows the html of a form with its values, and stores nothing', async () => {
    const response = await post({ html: '{{{NAME}}} {{{N}}} {{{X|y}}} {{{Z}}}', variables: '{"NAME":"Ada","N":7}' });
    expect(await response.text()).toBe('<base target="_blank">Ada 7 y [Z]');
    expect(policyOf(response)).toContain('sandbox');
    expect(await (await post({ html: 'a', text: 'b {{{x}}}' }, '?part=text')).text()).toBe('b [x]');
    for (const variables of ['x', '7', 'null']) expect((await post({ html: 'a', variables })).status).toBe(422);
    expect((await post({})).status).toBe(404);
    const headers = { authorization, 'content-type': 'multipart/form-data' };
    const broken = await app.request('/console/preview', { method: 'POST', headers, body: 'html=a' });
    expect(broken.status).toBe(400);
  });
});

describe('inline images', () => {
  const image = (content: string, given = {}) => ({ content, contentId: 'a', contentType: 'image/png', ...given });
  it('are of image types only', () => {
    const html = '<img src="cid:a">';
    const shows = (given: object) => withInlineImages(html, [image('aGk=', given)]).includes('data:');
    expect(shows({})).toBe(true);
    expect(shows({ contentType: undefined, filename: 'a.JPG' })).toBe(true);
    expect(shows({ contentType: 'text/html' })).toBe(false);
    expect(shows({ contentType: 'image/png;x="><script>' })).toBe(false);
    expect(shows({ contentType: undefined, filename: 'a.html' })).toBe(false);
  });

  it('are left out where the answer would be larger than Lambda can return', () => {
    const shown = withInlineImages('<img src="cid:a">'.repeat(5), [image('A'.repeat(1024 * 1024))]);
    expect(shown.match(/data:/g)).toHaveLength(3);
    expect(shown.match(/cid:/g)).toHaveLength(2);
  });

  it('come after the doctype, which must be first', () => {
    expect(withInlineImages('<!doctype html><p>', [])).toBe('<!doctype html><base target="_blank"><p>');
    expect(withInlineImages('<html><head lang="x"><p>', [])).toBe('<html><head lang="x"><base target="_blank"><p>');
  });
});
