import type { Pacer, Turn } from '../../pacing/pacer.ts';
import { SendingHeld, Throttled } from '../../pacing/refusals.ts';
import type { Sending } from '../../pacing/sending-state.ts';
import type { Mailer, OutgoingMessage } from '../../ports/mailer.ts';
import { HeldElsewhere } from '../../task/task.ts';

export interface TransmitDependencies {
  readonly mailer: Mailer;
  readonly pacer: Pacer;
  readonly sending: Pick<Sending, 'hold' | 'sent'>;
}

/** A reserved turn, and until when (epoch ms) the message may wait for it, or for another one. */
export interface Place {
  readonly turn: Turn;
  readonly untilMs: number;
}

/**
 * Hands a message to the provider at its turn, and when the provider throttles it, at another one; answers its id. `maySend` tells
 * right before each try whether the claim still holds.
 *
 * @throws Postponed when the account sends nothing for now, or there is no turn in time; HeldElsewhere when the claim has ended;
 * otherwise what the mailer throws.
 */
export async function transmit(
  message: OutgoingMessage,
  { turn, untilMs }: Place,
  maySend: () => boolean,
  { pacer, mailer, sending }: TransmitDependencies,
): Promise<string> {
  const recipients = message.destinations.length;
  await pacer.arrive(turn, untilMs);
  // The job did not tell how many they are.
  if (recipients > turn.recipients)
    await pacer.arrive(await pacer.reserve(turn.queue, recipients - turn.recipients, untilMs), untilMs);
  for (;;) {
    if (!maySend()) throw new HeldElsewhere('the claim on the email ended before it could be sent');
    try {
      return await mailer.send(message);
    } catch (error) {
      if (error instanceof SendingHeld) throw await sending.hold(error.held, error.message);
      if (!(error instanceof Throttled)) throw error;
      await pacer.afterThrottle({ ...turn, recipients }, untilMs);
    }
  }
}
