import type { Fauxqs } from './emulators/fauxqs.ts';
import type { EventSource } from './lambda/event-source.ts';
import type { LocalFunction } from './lambda/function.ts';
import type { Ses } from './ses/ses.ts';

/** Tells when the cloud has nothing left to do. */
export type IdleWatch = {
  /** Call it when a batch, a call or an invocation has ended. */
  changed: () => void;
  idle: () => Promise<void>;
};

type Watched = {
  queues: Fauxqs['sqsStore'];
  eventSources: EventSource[];
  functions: Map<string, LocalFunction>;
  ses: Ses;
};

/** Idle: no message in a queue with an event source (delayed and in flight included), no invocation, no SES event to come. */
export function createIdleWatch(watched: Watched): IdleWatch {
  let waiters: (() => void)[] = [];
  const changed = () => {
    if (waiters.length === 0 || !isIdle(watched)) return;
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
  };
  return {
    changed,
    idle: async () => {
      do {
        if (!isIdle(watched)) await new Promise<void>((resolve) => waiters.push(resolve));
        await watched.ses.flushEvents();
      } while (!isIdle(watched));
    },
  };
}

function isIdle({ queues, eventSources, functions }: Watched): boolean {
  for (const target of functions.values()) if (target.pending() > 0) return false;
  return eventSources.every((source) => {
    const queue = queues.getQueueByArn(source.queueArn);
    const left = queue ? queue.messages.length + queue.inflightMessages.size + queue.delayedMessages.length : 0;
    return left === 0 && source.busy() === 0;
  });
}
