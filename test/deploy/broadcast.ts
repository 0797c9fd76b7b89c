import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { anEmail } from '../flows/an-email.ts';
import { requester } from '../flows/request.ts';
import { openBacking } from './backing.ts';
import { type Deployment, subjectOf } from './deployed-target.ts';
import { readMail } from './mailbox.ts';
import { until } from './until.ts';

const RECIPIENTS = 200;

/**
 * Sends one email to a list in one call. Afterwards a delayed job is left, which counts the broadcast again an hour later: `idle` would
 * wait for it.
 */
export async function checkBroadcast(deployment: Deployment): Promise<string> {
  const { endpoint, url, apiKey, mailbox } = deployment;
  const request = requester(url, apiKey);
  const run = randomUUID();
  const addresses = Array.from({ length: RECIPIENTS }, (_, index) => `reader-${index}-${run}@example.org`);
  const { from, html } = anEmail();
  const recipients = addresses.map((email, index) => ({ email, variables: { number: index } }));
  const body = { from, html, subject: `News ${run} for {{{number}}}`, recipients, send: true };
  const startedAtMs = performance.now();
  const made = await request('POST', '/broadcasts', body);
  assert(made.status < 300, JSON.stringify(made.json));
  const show = async () => (await request('GET', `/broadcasts/${made.json.id}`)).json;
  await until('the broadcast is sent', async () => (await show()).status === 'sent');
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
  await until('its emails are counted', async () => (await show()).progress.sent >= RECIPIENTS, 20_000);
  const { progress } = await show();
  assert.equal(progress.sent, RECIPIENTS, JSON.stringify(progress));
  const subjects = addresses.map((_, index) => `News ${run} for ${index}`);
  const caught = (await readMail(endpoint, mailbox)).filter((message) => subjectOf(message).startsWith(`News ${run}`));
  assert.deepEqual(caught.map(subjectOf).sort(), subjects.sort());
  // LocalStack does not tell the recipients.
  const to = caught.flatMap(({ envelope }) => envelope.to ?? []);
  if (to.length > 0) assert.deepEqual(to.sort(), addresses.sort());
  assert.equal(await openBacking(deployment).deadLetters(), 0, 'jobs in the dead-letter queue');
  return `${RECIPIENTS} recipients, each once, ${seconds} s`;
}
