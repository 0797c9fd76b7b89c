import assert from 'node:assert/strict';
import { anEmail } from '../flows/an-email.ts';
import { type Request, requester } from '../flows/request.ts';
import { SENDER_DOMAIN } from '../flows/sender-domain.ts';
import type { Target } from '../flows/target-interface.ts';
import { until } from './until.ts';

/** Another sender's domain, which SES refuses until it is verified. */
const REFUSED_DOMAIN = 'refused.example';
const QUEUED = 40;
/** Due during the upgrade or soon after: its job is in the queue already. */
const SOON_SECONDS = 15;
/** Later than the longest delay of a queue: only the table has it. */
const LATER_SECONDS = 20 * 60;
/** With clocks set ahead by this, emails scheduled for later are due. */
export const AHEAD_SECONDS = LATER_SECONDS + 60;
/** Too large for the table: the body is in the bucket. */
const LARGE_BYTES = 600_000;

/** The ids of the emails that the previous release accepted, by their state at the upgrade. */
export interface Backlog {
  readonly sent: string;
  readonly failed: string;
  readonly canceled: string;
  readonly soon: string;
  readonly later: string;
  readonly large: string;
  readonly queued: readonly string[];
  /** A request that is repeated with its idempotency key. */
  readonly repeatable: { readonly email: object; readonly key: string; readonly id: string };
}

/** Sends emails for every state to a release; calls `holdBack` when those that must be finished are. */
export async function fill(api: { url: string; apiKey: string }, holdBack: () => Promise<void>): Promise<Backlog> {
  const request = requester(api.url, api.apiKey);
  const post = (more: object = {}, headers = {}) => accepted(request, anEmail(more), headers);
  const inSeconds = (seconds: number) => ({ scheduled_at: new Date(Date.now() + seconds * 1000).toISOString() });

  const [sent, failed] = [await post(), await post({ from: `Me <me@${REFUSED_DOMAIN}>` })];
  await until('one email is sent', async () => !['queued', 'sending'].includes(await statusOf(request, sent)));
  await until('one email has failed', async () => (await statusOf(request, failed)) === 'failed');
  const later = await post(inSeconds(LATER_SECONDS));
  const canceled = await post(inSeconds(LATER_SECONDS));
  assert.equal((await request('POST', `/emails/${canceled}/cancel`)).status, 200);

  await holdBack();
  const soon = await post(inSeconds(SOON_SECONDS));
  const large = await post({ attachments: [largeFile()] });
  const email = anEmail();
  const key = 'before the upgrade';
  const repeatable = { email, key, id: await accepted(request, email, { 'idempotency-key': key }) };
  const batch = Array.from({ length: QUEUED }, () => anEmail());
  const { status, json } = await request('POST', '/emails/batch', batch);
  assert.equal(status, 200, JSON.stringify(json));
  const queued = json.data.map(({ id }: { id: string }) => id);
  return { sent, failed, canceled, soon, later, large, queued, repeatable };
}

/** Checks that the next release sends the backlog, without emails that are due later; returns the counts. */
export async function checkBacklog(target: Target, backlog: Backlog): Promise<string> {
  const request = requester(target.url, target.apiKey);
  const { email, key, id } = backlog.repeatable;
  assert.equal(await accepted(request, email, { 'idempotency-key': key }), id, 'the idempotency key is forgotten');
  assert.equal(await statusOf(request, backlog.later), 'scheduled');
  await target.idle();

  const waiting = [...backlog.queued, backlog.large, id];
  // One by one: an emulator starts a process for each concurrent request.
  const times: number[] = [];
  for (const waitingId of waiting) times.push((await target.caught(waitingId)).length);
  const lost = waiting.filter((_, index) => times[index] === 0);
  assert.deepEqual(lost, [], `${lost.length} of ${waiting.length} queued emails were never sent`);
  for (const one of [backlog.sent, backlog.soon]) await checkCaught(target, one, 1);
  for (const none of [backlog.canceled, backlog.failed, backlog.later]) await checkCaught(target, none, 0);
  for (const waitingId of [...waiting, backlog.soon])
    assert.ok(!['queued', 'scheduled', 'sending'].includes(await statusOf(request, waitingId)));

  // The event was in flight in the previous release.
  if (target.publishesEvents) assert.equal(await statusOf(request, backlog.sent), 'delivered');
  await retryFailed(target, request, backlog.failed);
  const twice = times.filter((count) => count > 1).length;
  return `${waiting.length} queued, 1 scheduled, 1 failed: all sent, ${twice} twice; 1 sent and 1 canceled: left alone`;
}

/** Checks that emails that are due later are sent; the clocks of the functions must be `AHEAD_SECONDS` ahead. */
export async function checkLater(target: Target, { later, canceled }: Backlog): Promise<void> {
  await target.runSchedule();
  await target.idle();
  await checkCaught(target, later, 1);
  await checkCaught(target, canceled, 0);
}

async function retryFailed(target: Target, request: Request, id: string): Promise<void> {
  await target.setVerifiedDomain(REFUSED_DOMAIN);
  const { status, json } = await request('POST', `/emails/${id}/retry`);
  assert.equal(status, 200, JSON.stringify(json));
  await target.idle();
  await checkCaught(target, id, 1);
  await target.setVerifiedDomain(SENDER_DOMAIN);
}

async function checkCaught(target: Target, id: string, times: number): Promise<void> {
  assert.equal((await target.caught(id)).length, times, `email ${id} was not sent ${times} times`);
}

async function accepted(request: Request, email: object, headers: Record<string, string>): Promise<string> {
  const { status, json } = await request('POST', '/emails', email, headers);
  assert.equal(status, 200, JSON.stringify(json));
  return json.id;
}

async function statusOf(request: Request, id: string): Promise<string> {
  return (await request('GET', `/emails/${id}`)).json.last_event;
}

function largeFile() {
  const bytes = Buffer.alloc(LARGE_BYTES);
  for (let at = 0; at < LARGE_BYTES; at++) bytes[at] = Math.floor(Math.random() * 256);
  return { filename: 'large.bin', content: bytes.toString('base64') };
}
