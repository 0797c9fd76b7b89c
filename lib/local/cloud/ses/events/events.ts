import type { SesMessage } from '../message.ts';
import type { RawHeader } from '../raw-headers.ts';
import type { Outcome } from '../simulator.ts';
import { eventDetail, eventTypeOf, type OutcomeOptions } from './event-details.ts';
import { type EventSource, eventMail } from './event-mail.ts';
import type { EventType } from './event-types.ts';

/** Delay between the send and each event, in milliseconds: the order is that of SES, the times are shorter. */
const usualDelayMs: Record<EventType, number> = {
  Send: 10,
  Reject: 30,
  Delivery: 30,
  Bounce: 30,
  DeliveryDelay: 30,
  Complaint: 60,
  Open: 60,
  Click: 60,
  RenderingFailure: 10,
  Subscription: 60,
};

/** One outcome of a message for one of its recipients. */
export type RecipientOutcome = { recipient: string; outcome: Outcome };

/** Publishes the events of messages. */
export type EventPublisher = {
  /** Publishes Send, then each outcome, after the configured delays. */
  sent(message: SesMessage, headers: RawHeader[], outcomes: RecipientOutcome[]): void;
  /** Publishes one outcome now. */
  report(message: SesMessage, headers: RawHeader[], outcome: RecipientOutcome, options?: OutcomeOptions): Promise<void>;
  /** Resolves when no event is pending. */
  flush(): Promise<void>;
  /** Publishes the events that are pending at once: SES tells of each email, and its queue is kept on disk. */
  close(): Promise<void>;
};

type PublisherParts = EventSource & {
  topicsFor(configurationSet: string, type: EventType): string[];
  publish?: ((topicArn: string, message: string) => Promise<void>) | undefined;
  delayMs?: Partial<Record<EventType, number>> | undefined;
  now(): number;
  log(line: string): void;
};

/** Creates the publisher; a publish that fails is logged and not retried (SES retries; SNS in process does not fail). */
export function createEventPublisher(parts: PublisherParts): EventPublisher {
  const { publish, log, now } = parts;
  const delayMs = { ...usualDelayMs, ...parts.delayMs };
  const agenda = createAgenda();

  const send = async (message: SesMessage, type: EventType, event: () => Record<string, unknown>) => {
    if (!publish || message.configurationSet === undefined) return;
    const topics = parts.topicsFor(message.configurationSet, type);
    if (topics.length === 0) return;
    const json = JSON.stringify(event());
    await Promise.all(topics.map((topic) => publish(topic, json))).catch((cause: unknown) =>
      log(`local SES: the ${type} event of ${message.messageId} was not published: ${cause}`),
    );
  };
  const sendOutcome = (
    message: SesMessage,
    mail: () => unknown,
    { recipient, outcome }: RecipientOutcome,
    options: OutcomeOptions = {},
  ) => {
    const type = eventTypeOf(outcome);
    return send(message, type, () => ({
      eventType: type === 'RenderingFailure' ? 'Rendering Failure' : type,
      mail: mail(),
      ...eventDetail(outcome, { recipient, sentAtMs: message.sentAtMs, nowMs: now(), ...options }),
    }));
  };
  return {
    sent: (message, headers, outcomes) => {
      if (!publish || message.configurationSet === undefined) return;
      const mail = once(() => eventMail(message, headers, parts));
      agenda.add(delayMs.Send, () => send(message, 'Send', () => ({ eventType: 'Send', mail: mail(), send: {} })));
      for (const each of outcomes) {
        agenda.add(delayMs[eventTypeOf(each.outcome)], () => sendOutcome(message, mail, each));
      }
    },
    report: (message, headers, outcome, options) =>
      sendOutcome(message, () => eventMail(message, headers, parts), outcome, options),
    flush: agenda.idle,
    close: agenda.close,
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Delayed work, and a way to wait for all of it. */
function createAgenda() {
  const timers = new Map<NodeJS.Timeout, () => Promise<void>>();
  const running = new Set<Promise<void>>();
  let idleWaiters: (() => void)[] = [];
  const checkIdle = () => {
    if (timers.size > 0 || running.size > 0) return;
    for (const resolve of idleWaiters) resolve();
    idleWaiters = [];
  };
  const run = (work: () => Promise<void>) => {
    const promise = work().finally(() => {
      running.delete(promise);
      checkIdle();
    });
    running.add(promise);
  };
  const idle = () =>
    new Promise<void>((resolve) => {
      idleWaiters.push(resolve);
      checkIdle();
    });
  return {
    add: (afterMs: number, work: () => Promise<void>) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        run(work);
      }, afterMs);
      timers.set(timer, work);
    },
    idle,
    close: () => {
      for (const [timer, work] of timers) {
        clearTimeout(timer);
        run(work);
      }
      timers.clear();
      return idle();
    },
  };
}
