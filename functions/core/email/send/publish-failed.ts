import { eventIdOf } from '../../event.ts';
import type { Publish } from '../../webhook/dispatch.ts';
import type { EmailRecord } from '../record.ts';

/** Publishes that an email has failed; repeated calls publish the same event id. */
export async function publishFailed({ id, attempts, timeline }: EmailRecord, publish: Publish): Promise<void> {
  const end = timeline.findLast(({ event }) => event === 'failed');
  if (!end) return;
  const eventId = eventIdOf('email.failed', id, String(end.atMs), String(attempts));
  const details = { failed: { reason: end.detail ?? '' } };
  await publish([{ type: 'email.failed', eventId, atMs: end.atMs, emailId: id, details }]);
}
