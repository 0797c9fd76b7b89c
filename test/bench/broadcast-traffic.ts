import { addressOf } from '../../bin/demo/census.ts';
import { upsertContacts } from '../../functions/core/audience/contacts.ts';
import { addMembers } from '../../functions/core/audience/membership.ts';
import { createSegment } from '../../functions/core/audience/segments.ts';
import { createWriters } from '../../functions/core/document/writers.ts';
import { newId } from '../../functions/core/ids.ts';
import type { LocalSendoff } from '../../lib/local/start.ts';
import { typicalEmail } from './typical-email.ts';

/** To whom a broadcast goes. */
export interface Audience {
  readonly recipients?: readonly object[];
  readonly segmentId?: string;
}

export interface SentBroadcast {
  readonly id: string;
  /** The time that the call took. */
  readonly answeredMs: number;
}

/** Each look takes a few commands of Redis, which are counted. */
const POLL_MS = 1_000;

/** The typical email, with a name in it and the link that every mass mail must have. */
function content() {
  const { from, subject, html, text } = typicalEmail(0);
  const link = '<p><a href="{{{RESEND_UNSUBSCRIBE_URL}}}">Unsubscribe</a></p>';
  return {
    from,
    subject: `${subject}, {{{name|customer}}}`,
    html: html.replace('Hello,', 'Hello {{{name|customer}}},').replace('</body>', `${link}</body>`),
    text: `${text}\nUnsubscribe: {{{RESEND_UNSUBSCRIBE_URL}}}\n`,
  };
}

/** Sends a broadcast with one call and waits until all its emails are sent. */
export async function sendBroadcast(local: LocalSendoff, { recipients, segmentId }: Audience): Promise<SentBroadcast> {
  const audience = recipients ? { recipients } : { segment_id: segmentId };
  const startedAtMs = performance.now();
  const { id } = await call(local, 'POST', '/broadcasts', { ...content(), ...audience, send: true });
  const answeredMs = performance.now() - startedAtMs;
  for (let status = 'queued'; status !== 'sent'; ) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    status = (await call(local, 'GET', `/broadcasts/${id}`)).status;
    if (status !== 'sent' && status !== 'queued') throw new Error(`the broadcast is ${status}`);
  }
  return { id, answeredMs };
}

/** Makes a segment of so many contacts, by the service's own code, without its API. */
export async function createSegmentOf({ table }: LocalSendoff, contacts: number): Promise<string> {
  const now = Date.now;
  const { id } = await createSegment('Customers', { table, now, newId });
  const dependencies = { table, now, publish: async () => {} };
  const LOT = 1_000;
  for (let start = 0; start < contacts; start += LOT) {
    const lot = Array.from({ length: Math.min(LOT, contacts - start) }, (_, n) => ({
      email: addressOf(start + n),
      firstName: `Reader ${start + n}`,
    }));
    const made = await upsertContacts(dependencies, lot);
    await addMembers(
      { table, asWriter: createWriters(Date.now) },
      id,
      made.map((one) => one.id),
      now(),
    );
  }
  return id;
}

async function call({ cloud, apiKey }: LocalSendoff, method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const options = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await fetch(`${cloud.apiUrl}${path}`, options);
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as { id: string; status: string };
}
