import { SENDING_KEY, type SendingState } from '../../../functions/core/pacing/sending-state.ts';
import type { Context } from '../context.ts';

/** Tells a person who looks at waiting emails when it is not the emails' fault. */
export async function noteHold({ terminal, backend }: Context): Promise<void> {
  const state = await (await backend()).table.get<SendingState>(SENDING_KEY);
  if (state?.held) terminal.note('Nothing is sent for now, emails wait on the queue. Why: sendoff doctor');
}
