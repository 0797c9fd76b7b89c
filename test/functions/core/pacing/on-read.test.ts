import { expect, it } from 'vitest';
import { createSending, type SendingState } from '../../../../functions/core/pacing/sending-state.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

it('the state of sending is reported each time that the provider was asked, with a hold', async () => {
  let nowMs = 1_800_000_000_000;
  const now = () => nowMs;
  const reported: SendingState[] = [];
  const sending = createSending({
    table: createMemoryBackend({ now }).table,
    account: { quota: async () => ({ ratePerSecond: 14, max24Hours: 50_000, sent24Hours: 1 }) },
    now,
    random: () => 0,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    onRead: (state) => void reported.push(state),
  });
  await sending.refresh();
  await sending.refresh();
  expect(reported).toEqual([{ readAtMs: nowMs, ratePerSecond: 14, max24Hours: 50_000, sent24Hours: 1 }]);
  await sending.hold('paused', 'Account is paused.');
  nowMs += 60_000;
  await sending.refresh();
  expect(reported.at(-1)).toMatchObject({ readAtMs: nowMs, held: 'paused', heldReason: 'Account is paused.' });
  expect(reported).toHaveLength(2);
});
