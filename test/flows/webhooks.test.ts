import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from './receiver.ts';
import { anEmail, running } from './running.ts';

const sendoff = running();
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver?.close());

async function send(): Promise<string> {
  const { json } = await sendoff.request('POST', '/emails', anEmail());
  return json.id;
}

async function createHook(endpoint: string, events: string[]): Promise<string> {
  const { status, json } = await sendoff.request('POST', '/webhooks', { endpoint, events });
  expect(status).toBe(201);
  return json.id;
}

describe('an endpoint', () => {
  it('hears of every email accepted after it was made, though another went out just before (20 times)', async () => {
    const events = ['email.sent', 'email.delivered'];
    const heard: Promise<unknown>[] = [];
    // The functions that tell endpoints are at work and know the first one.
    const hooks = [await createHook(receiver.url, events)];
    const first = await send();
    await receiver.waitFor(({ event }) => event.type === 'email.delivered' && event.data.email_id === first);
    for (let times = 0; times < 20; times++) {
      hooks.push(await createHook(receiver.url.replace(/hook$/, `fresh-${times}`), events));
      const emailId = await send();
      for (const type of events)
        heard.push(
          receiver.waitFor(
            ({ path, event }) => path === `/fresh-${times}` && event.type === type && event.data.email_id === emailId,
          ),
        );
    }
    await Promise.all(heard);
    for (const id of hooks) await sendoff.request('DELETE', `/webhooks/${id}`);
  }, 60_000);
});
