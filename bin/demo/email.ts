import { Resend } from 'resend';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import { startLocalSendoff } from '../../lib/local/start.ts';
import { startSynchronousSender } from '../../lib/local/synchronous-sender.ts';
import { write } from './write.ts';

/** The time that a mail server commonly takes to answer. */
const MAIL_SERVER_MS = 100;
/** Told apart from a cold start: the times shown are of a service that is in use. */
const WARM_UP = 3;

const ms = (value: number) => `${value.toFixed(0).padStart(6)} ms`;

const email = {
  from: 'Sendoff <hello@example.com>',
  to: ['success@simulator.amazonses.com'],
  subject: 'Grüße von Sendoff',
  html: '<h1>It works</h1><p>Accepted at once, sent after.</p>',
  text: 'It works. Accepted at once, sent after.',
};

write('Starting the local cloud …');
const { cloud, apiKey } = await startLocalSendoff({ ses: { latencyMs: MAIL_SERVER_MS } });
try {
  const resend = new Resend(apiKey, { baseUrl: cloud.apiUrl });
  for (let count = 1; count <= WARM_UP; count++) await sendAndWait(resend, count);
  const { id, acceptMs, sentMs } = await sendAndWait(resend, WARM_UP + 1);
  const synchronousMs = await sendSynchronously();

  write(`\nOne email, by the official resend client, with a mail server that takes ${MAIL_SERVER_MS} ms:\n`);
  write(`  sent inside the request, answered after  ${ms(synchronousMs)}`);
  write(
    `  handed to Sendoff, answered after        ${ms(acceptMs)}   (${(synchronousMs / acceptMs).toFixed(1)} times as fast)`,
  );
  write(`  … and with the mail server after         ${ms(sentMs)}`);
  await settle();
  await showTimeline(id);
  const message = cloud.ses.messages().find(({ tags }) => tags[EMAIL_ID_TAG] === id);
  write(`\nThe message as the mail server got it (envelope to ${message?.envelope.to.join(', ')}):\n`);
  write(message?.raw.replaceAll('\r', '').replace(/^/gm, '  '));
  await showBounce(resend);
} finally {
  await cloud.close();
}

/** Shows that SES reports a bounce, which suppresses its address: the next email to it is not sent. */
async function showBounce(resend: Resend): Promise<void> {
  const to = 'gone@example.net';
  write(`\nTwo emails to ${to}, which bounces:\n`);
  for (const subject of ['first', 'second']) {
    const { data } = await resend.emails.send({ ...email, to, subject });
    await settle();
    const message = cloud.ses.messages().find(({ tags }) => tags[EMAIL_ID_TAG] === data?.id);
    if (message) await cloud.ses.simulate(message.messageId, 'bounced');
    await settle();
    const { data: found } = await resend.emails.get(data?.id ?? '');
    write(`  ${subject.padEnd(6)}  ${found?.last_event}`);
  }
  const { data: suppression } = await resend.suppressions.get(to);
  write(`\nBecause of the first, the address is on the suppression list (origin: ${suppression?.origin}).`);
}

async function settle(): Promise<void> {
  await cloud.idle();
  await cloud.ses.flushEvents();
  await cloud.idle();
}

async function sendAndWait(resend: Resend, count: number): Promise<{ id: string; acceptMs: number; sentMs: number }> {
  const startedAtMs = performance.now();
  const { data, error } = await resend.emails.send(email);
  if (!data) throw new Error(error?.message);
  const acceptMs = performance.now() - startedAtMs;
  await cloud.ses.waitForMessages(count);
  const sentMs = performance.now() - startedAtMs;
  await cloud.idle();
  return { id: data.id, acceptMs, sentMs };
}

async function sendSynchronously(): Promise<number> {
  const sender = await startSynchronousSender(cloud);
  const post = () =>
    fetch(sender.url, { method: 'POST', body: JSON.stringify(email) }).then((response) => response.text());
  await post();
  const startedAtMs = performance.now();
  await post();
  const tookMs = performance.now() - startedAtMs;
  await sender.close();
  return tookMs;
}

async function showTimeline(id: string): Promise<void> {
  const response = await fetch(`${cloud.apiUrl}/emails/${id}/events`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  const { data } = (await response.json()) as { data: { type: string; created_at: string }[] };
  write(`\nIts timeline (GET /emails/${id}/events):\n`);
  for (const { type, created_at } of data) write(`  ${created_at}  ${type}`);
}
