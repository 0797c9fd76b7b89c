import { randomBytes, randomUUID } from 'node:crypto';
import { acceptEmail, acceptEmails } from '../../functions/accept/accept.ts';
import { chain, group } from '../../functions/tasks/tasks.ts';
import { done, first, limited, once } from '../fixtures/tasks/permissions.ts';

/** The caller accepts everything that the grant allows, or makes calls whose jobs the queues refuse. */
export type CallerEvent =
  | { readonly kind: 'everything'; readonly topic: string; readonly template: string }
  | { readonly kind: 'refused' };

const email = { from: 'me@example.com', to: 'someone@example.com', subject: 'From a function', text: 'Hello' };
/** More than a document of the table holds, even compressed. */
const large = () => randomBytes(450_000).toString('hex');

/** A function of a user's app, with `grantAccept`. Answers the ids of runs, or how its calls ended. */
export async function handler(event: CallerEvent): Promise<readonly string[]> {
  return event.kind === 'everything' ? acceptEverything(event) : acceptRefused();
}

async function acceptEverything({ topic, template }: CallerEvent & { kind: 'everything' }): Promise<string[]> {
  const { text, ...withoutText } = email;
  const keys = { one: randomUUID(), batch: randomUUID(), limited: randomUUID(), once: randomUUID() };
  await acceptEmail({ ...email, topic_id: topic, text: large() }, { idempotencyKey: keys.one });
  await acceptEmail({ ...withoutText, template: { id: template } });
  // An email that is refused under a key may have been accepted before: that is looked up.
  await acceptEmail({ ...email, to: 'nobody' }, { idempotencyKey: keys.one }).catch(() => {});
  // Under a key the first is written, then the bodies of the others in one call, if they are three.
  await acceptEmails([email, email, email, email], { idempotencyKey: keys.batch });
  const run = await limited.delay(undefined, { idempotencyKey: keys.limited });
  // Its job may not come back with another key: no record says that it has run.
  await once.delay(undefined, { idempotencyKey: keys.once });
  await group([first.with(), limited.with()]).then(done).delay();
  const chained = await chain(first.with(), limited.with()).delay();
  return [run.id, chained.id];
}

async function acceptRefused(): Promise<string[]> {
  const [called] = await Promise.allSettled([first.delay(undefined)]);
  const [accepted] = await Promise.allSettled([acceptEmail(email)]);
  return [called.status, accepted.status];
}
