import { expect, it } from 'vitest';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import { shortVisibility } from '../helpers/short-visibility.ts';
import { acceptBatch } from './accept-batch.ts';
import { anEmail, running } from './running.ts';

/** Emails that are sent while workers crash; `npm run test:crashes` sends more. */
const COUNT = Number(process.env.CRASH_EMAILS ?? 40);
/** One of this many AWS calls of the workers kills its process. */
const CALLS_PER_KILL = 60;

const sendoff = running({
  overrides: shortVisibility,
  config: { maxReceiveCount: '100' },
});

it(`loses none of ${COUNT} emails although workers are killed at random`, async () => {
  let calls = 0;
  let kills = 0;
  const kill = (service: string) =>
    sendoff.cloud.faults.add({
      service,
      action: '*',
      functionName: 'SendFunction',
      match: () => {
        const hit = ++calls % CALLS_PER_KILL === 0;
        if (hit) kills++;
        return hit;
      },
      when: 'after',
      effect: { kind: 'kill' },
    });
  const faults = ['dynamodb', 'ses'].map(kill);
  const ids: string[] = [];
  for (let start = 0; start < COUNT; start += 100) {
    const batch = Array.from({ length: Math.min(100, COUNT - start) }, (_, index) =>
      anEmail({ subject: `${start + index}` }),
    );
    ids.push(...(await acceptBatch(sendoff.request, batch, `batch-${start}`)));
  }
  await sendoff.cloud.ses.waitForMessages(Math.floor(COUNT * 0.8));
  for (const fault of faults) fault.remove();
  await sendoff.cloud.idle();

  const times = new Map<string, number>(ids.map((id) => [id, 0]));
  for (const { tags } of sendoff.cloud.ses.messages()) {
    const id = tags[EMAIL_ID_TAG] ?? '';
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  const lost = [...times.values()].filter((count) => count === 0).length;
  const twice = [...times.values()].filter((count) => count > 1).length;
  console.info(
    `accepted ${ids.length}, sent ${times.size - lost}, lost ${lost}, sent more than once ${twice}, workers killed ${kills}`,
  );
  expect(kills).toBeGreaterThan(0);
  expect({ accepted: ids.length, lost }).toEqual({ accepted: COUNT, lost: 0 });
}, 180_000);
