import { expect, it } from 'vitest';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import { shortVisibility } from '../helpers/short-visibility.ts';
import { acceptBatch } from './accept-batch.ts';
import { anEmail, running } from './running.ts';

/** Emails whose worker crashes between the answer of SES and the update of the record; `npm run test:crashes` sends more. */
const COUNT = Number(process.env.SECOND_SEND_EMAILS ?? 20);
const WAVE = 50;

// The job returns after 9 s, when its lease has ended: without the Send event of SES each email would be sent again. SES takes so long
// that it has all emails of a worker before its first answer kills the worker: the fewer it had, the more often the test waits 9 s.
const sendoff = running({
  overrides: shortVisibility,
  config: { maxReceiveCount: '1000', bulkMaxConcurrency: '10' },
  ses: { latencyMs: 500 },
});

it(`sends none of ${COUNT} emails twice and loses none, although the worker is killed each time SES has taken one`, async () => {
  const kill = sendoff.cloud.faults.add({
    service: 'ses',
    action: 'SendRawEmail',
    functionName: 'SendFunction',
    when: 'after',
    effect: { kind: 'kill' },
  });
  const ids: string[] = [];
  for (let start = 0; start < COUNT; start += WAVE) {
    const size = Math.min(WAVE, COUNT - start);
    const emails = Array.from({ length: size }, (_, index) => anEmail({ subject: String(start + index) }));
    ids.push(...(await acceptBatch(sendoff.request, emails, `wave-${start}`)));
    await sendoff.cloud.ses.waitForMessages(ids.length);
  }
  await sendoff.cloud.idle();
  const { hits } = kill;
  kill.remove();

  const times = new Map(ids.map((id) => [id, 0]));
  for (const { tags } of sendoff.cloud.ses.messages()) {
    const id = tags[EMAIL_ID_TAG] ?? '';
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  const lost = [...times.values()].filter((count) => count === 0).length;
  const duplicates = [...times.values()].filter((count) => count > 1).length;
  const { invocations } = sendoff.cloud.function('SendFunction').stats();
  console.info(
    `emails ${COUNT}, workers killed after SES's answer ${hits}, invocations ${invocations}, duplicates ${duplicates}, lost ${lost}`,
  );
  expect(hits).toBeGreaterThanOrEqual(COUNT);
  expect({ duplicates, lost }).toEqual({ duplicates: 0, lost: 0 });
  for (const id of ids.slice(0, 20)) {
    const { json } = await sendoff.request('GET', `/emails/${id}`);
    expect(json.last_event).toBe('delivered');
  }
}, 900_000);
