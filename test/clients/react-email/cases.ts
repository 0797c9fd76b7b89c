import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { Resend as ResendClient } from 'resend';

/** react-email through the vendor's client for Node; CLIENT_DIRECTORY is where both are installed. */
const { SENDOFF_URL = '', SENDOFF_API_KEY = '', CLIENT_DIRECTORY = '' } = process.env;
const require = createRequire(`${CLIENT_DIRECTORY}/package.json`);
const { Resend } = require('resend') as typeof import('resend');
const { createElement } = require('react');
const { render } = require('@react-email/render');
const resend: ResendClient = new Resend(SENDOFF_API_KEY, { baseUrl: SENDOFF_URL });

const Welcome = ({ name }: { name: string }) => createElement('p', null, 'Hello ', name);
const email = (subject: string) => ({
  from: 'Shop <shop@example.com>',
  to: 'success+react@simulator.amazonses.com',
  subject,
});

async function test(name: string, run: (name: string) => Promise<void>): Promise<void> {
  try {
    await run(name);
    console.log(JSON.stringify({ case: name, ok: true }));
  } catch (error) {
    console.log(JSON.stringify({ case: name, ok: false, error: String(error) }));
  }
}

async function idOf(answer: ReturnType<ResendClient['emails']['send']>): Promise<string> {
  const { data, error } = await answer;
  assert.ok(data, JSON.stringify(error));
  return data.id;
}

let sent = '';
await test('react component', async (name) => {
  sent = await idOf(resend.emails.send({ ...email(name), react: createElement(Welcome, { name: 'Ada' }) }));
});
await test('react, html and text rendered', async (name) => {
  const element = createElement(Welcome, { name: 'Ada' });
  const [html, text] = await Promise.all([render(element), render(element, { plainText: true })]);
  await idOf(resend.emails.send({ ...email(name), html, text }));
});
await test('react, in a batch', async (name) => {
  const { data, error } = await resend.batch.send([{ ...email(name), react: createElement(Welcome, { name: 'Ada' }) }]);
  assert.equal(data?.data.length, 1, JSON.stringify(error));
});
await test('delivered', async () => {
  let last: string | undefined;
  for (let tries = 0; tries < 80 && last !== 'delivered'; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    last = (await resend.emails.get(sent)).data?.last_event;
  }
  assert.equal(last, 'delivered');
});
