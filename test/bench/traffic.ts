import type { LocalSendoff } from '../../lib/local/start.ts';
import type { Use } from './prices.ts';
import { requestTo } from './request.ts';
import { type Measured, startCounting, withEdges } from './use.ts';
import { holdReceives, holdWorkers } from './workers.ts';

/** How the emails of a measurement come. */
export type Traffic = 'batches of 100' | 'one by one' | 'alone';

/** The most that `POST /emails/batch` takes. */
const API_BATCH = 100;
/** SES reports that it took an email, and that it was delivered. */
const EVENTS_AN_EMAIL = 2;

/** Makes an email with this number. */
type MakeEmail = (number: number) => object;

let serial = 0;

/** Sends so many emails in this way and counts what they take, from the request to SES's last report. */
export async function measureTraffic(
  measured: Measured,
  traffic: Traffic,
  emails: number,
  make: MakeEmail,
  which?: RegExp,
): Promise<Use> {
  const { local, template } = measured;
  const all = Array.from({ length: emails }, () => make(serial++));
  await local.cloud.idle();
  const count = startCounting(measured);
  const httpRequests = traffic === 'alone' ? await sendAlone(local, all) : await sendTogether(local, traffic, all);
  // Without `which`: the whole way of an email.
  if (which) return count(which);
  return withEdges(count(), template, { httpRequests, snsPublishes: emails * EVENTS_AN_EMAIL });
}

/** Every email when nothing else is under way. */
async function sendAlone(local: LocalSendoff, emails: readonly object[]): Promise<number> {
  for (const email of emails) {
    await requestTo(local, '/emails', email);
    await local.cloud.idle();
  }
  return emails.length;
}

/** Workers begin when all emails wait, feedback when all reports wait: each batch is full but the first and the last. */
async function sendTogether(local: LocalSendoff, traffic: Traffic, emails: readonly object[]): Promise<number> {
  const { ses, idle } = local.cloud;
  const sentBefore = ses.sentCount;
  const releaseFeedback = holdReceives(local, 'Feedback');
  const releaseWorkers = await holdWorkers(local);
  let requests = 0;
  if (traffic === 'one by one') {
    for (const email of emails) await requestTo(local, '/emails', email);
    requests = emails.length;
  } else {
    for (let start = 0; start < emails.length; start += API_BATCH, requests++)
      await requestTo(local, '/emails/batch', emails.slice(start, start + API_BATCH));
  }
  await releaseWorkers();
  await ses.waitForMessages(sentBefore + emails.length);
  await ses.flushEvents();
  releaseFeedback();
  await idle();
  return requests;
}
