import type { AcceptMessage } from './api/ses-action.ts';
import type { EventPublisher, RecipientOutcome } from './events/events.ts';
import type { Journal } from './journal.ts';
import type { SesMessage } from './message.ts';
import type { MessageStore } from './message-store.ts';
import type { Relay } from './relay.ts';
import { containsTestVirus, outcomesFor } from './simulator.ts';
import type { Statistics } from './statistics.ts';

/** The destinations of an accepted message. */
export type AcceptParts = {
  journal: Journal | undefined;
  store: MessageStore;
  statistics: Statistics;
  events: EventPublisher;
  relay: Relay | undefined;
  onSent: ((message: SesMessage) => void) | undefined;
};

/** Creates the last step of a send: the message is written to disk first, so that an answered send survives a crash. */
export function createAccept({ journal, store, statistics, events, relay, onSent }: AcceptParts): AcceptMessage {
  return async (message, headers) => {
    const outcomes = outcomesOf(message);
    await journal?.append(message);
    store.add(message);
    countOutcomes(statistics, outcomes);
    events.sent(message, headers, outcomes);
    relay?.pass(message);
    onSent?.(message);
  };
}

/** A mail with a virus is not delivered to anyone. */
function outcomesOf({ raw, envelope }: SesMessage): RecipientOutcome[] {
  const rejected = containsTestVirus(raw);
  return envelope.to.flatMap((recipient) =>
    (rejected ? (['rejected'] as const) : outcomesFor(recipient)).map((outcome) => ({ recipient, outcome })),
  );
}

function countOutcomes(statistics: Statistics, outcomes: RecipientOutcome[]): void {
  statistics.count('deliveryAttempts');
  for (const { outcome } of outcomes) {
    if (outcome === 'bounced' || outcome === 'suppressed') statistics.count('bounces');
    if (outcome === 'complained') statistics.count('complaints');
    if (outcome === 'rejected') statistics.count('rejects');
  }
}
