import type { QueueName } from '../queues.ts';
import { Postponed } from '../task/task.ts';
import type { SlotClock } from './slot-clock.ts';

/** A reserved time at which an email may be sent. */
export interface Turn {
  readonly queue: QueueName;
  readonly recipients: number;
  readonly startMs: number;
}

/** Decides when each email of a deployment is sent, so that all its workers together keep the rate of SES. */
export interface Pacer {
  /**
   * Reserves a turn. Resolves shortly before it, in time for what must be done first.
   *
   * @throws Postponed when no turn can be had before `untilMs`: waiting is no attempt.
   */
  reserve(queue: QueueName, recipients: number, untilMs: number): Promise<Turn>;
  /** Resolves at the time of the turn; if that passed too long ago, at another one. */
  arrive(turn: Turn, untilMs: number): Promise<void>;
  /** Another turn after SES has throttled one; lowers the pace. */
  afterThrottle(turn: Turn, untilMs: number): Promise<void>;
  /** True while emails wait for their turn: more workers would only wait, too. */
  isLimiting(): boolean;
}

export interface PacerDependencies {
  readonly clock: SlotClock;
  /** Recipients a second. Rejects with Postponed while nothing of this queue may be sent. */
  readonly rate: (queue: QueueName) => Promise<number>;
  readonly now: () => number;
  readonly random: () => number;
  readonly wait: (ms: number) => Promise<unknown>;
}

/**
 * How far ahead a queue may reserve. Both take from one clock: bulk takes only what transactional leaves, and a transactional
 * email waits about the bulk horizon because of bulk.
 */
const HORIZON_MS: Readonly<Partial<Record<QueueName, number>>> = { transactional: 5_000, bulk: 500 };
/** The most that one reservation takes, in seconds of the rate; but always one whole email. */
const LONGEST_SECONDS = 0.35;
/** A turn is answered this long before its time: claiming and composing take about as long. */
const LEAD_MS = 60;
/** A turn is lost when it began longer ago than this: emails sent late would form a burst. */
const LATE_MS = 100;
/** The random wait after a refusal; it doubles, so that many waiting workers make few writes. */
const LEAST_WAIT_MS = 100;
const MOST_WAIT_MS = 4_000;
/** How long a job waits on the queue that could not have a turn in time, in seconds; up to twice that. */
const POSTPONE_SECONDS = 5;

interface Request {
  readonly recipients: number;
  readonly untilMs: number;
  readonly resolve: (turn: Turn) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes the pacer of a process. Requests of the same moment share reservations. */
export function createPacer(dependencies: PacerDependencies): Pacer {
  const lines = new Map<QueueName, Line>();
  const lineOf = (queue: QueueName): Line => {
    const line = lines.get(queue) ?? createLine(queue, dependencies);
    lines.set(queue, line);
    return line;
  };
  const { clock, now, wait } = dependencies;
  const reserve: Pacer['reserve'] = (queue, recipients, untilMs) => lineOf(queue).join(recipients, untilMs);
  const arrive: Pacer['arrive'] = async (turn, untilMs) => {
    for (let current = turn; ; current = await reserve(turn.queue, turn.recipients, untilMs)) {
      await wait(Math.max(0, current.startMs - now()));
      if (now() - current.startMs <= LATE_MS) return;
    }
  };
  return {
    reserve,
    arrive,
    async afterThrottle(turn, untilMs) {
      await clock.slowDown();
      await arrive(await reserve(turn.queue, turn.recipients, untilMs), untilMs);
    },
    isLimiting: () => [...lines.values()].some((line) => line.refused()),
  };
}

/** The emails of one queue that wait in this process. */
interface Line {
  join(recipients: number, untilMs: number): Promise<Turn>;
  /** True if the last reservation was refused. */
  refused(): boolean;
}

function createLine(queue: QueueName, { clock, rate, now, random, wait }: PacerDependencies): Line {
  let waiting: Request[] = [];
  let serving = false;
  let refusals = 0;

  const serve = async () => {
    // The other requests of this moment join first.
    await Promise.resolve();
    while (waiting.length > 0) {
      const ratePerSecond = await rate(queue);
      const some = firstOf(waiting, Math.floor(ratePerSecond * LONGEST_SECONDS));
      const recipients = some.reduce((sum, request) => sum + request.recipients, 0);
      const reservation = await clock.reserve(recipients, ratePerSecond, HORIZON_MS[queue] ?? 0);
      if (reservation.startMs !== undefined) {
        refusals = 0;
        waiting = waiting.slice(some.length);
        let { startMs } = reservation;
        for (const request of some) {
          const turn = { queue, recipients: request.recipients, startMs };
          void wait(Math.max(0, startMs - LEAD_MS - now())).then(() => request.resolve(turn), request.reject);
          startMs += (reservation.lengthMs * request.recipients) / recipients;
        }
        continue;
      }
      const jitterMs = random() * Math.min(MOST_WAIT_MS, LEAST_WAIT_MS * 2 ** refusals++);
      const waitMs = Math.max(0, reservation.freeAtMs - (HORIZON_MS[queue] ?? 0) - now()) + jitterMs;
      dismiss(now() + waitMs);
      if (waiting.length > 0) await wait(waitMs);
    }
  };

  /** Sends those away who could not wait until then. */
  const dismiss = (nextMs: number) => {
    for (const request of waiting.filter(({ untilMs }) => untilMs < nextMs))
      request.reject(new Postponed('no turn to send in time', POSTPONE_SECONDS * (1 + random())));
    waiting = waiting.filter(({ untilMs }) => untilMs >= nextMs);
  };

  const start = () => {
    if (serving) return;
    serving = true;
    void serve()
      .catch((error: unknown) => {
        for (const request of waiting) request.reject(error);
        waiting = [];
      })
      .finally(() => {
        serving = false;
        if (waiting.length > 0) start();
      });
  };

  return {
    join: (recipients, untilMs) =>
      new Promise((resolve, reject) => {
        waiting.push({ recipients, untilMs, resolve, reject });
        start();
      }),
    refused: () => refusals > 0,
  };
}

/** The first requests that together have at most so many recipients, and at least one. */
function firstOf(waiting: readonly Request[], most: number): Request[] {
  let sum = 0;
  const end = waiting.findIndex((request, index) => {
    sum += request.recipients;
    return index > 0 && sum > most;
  });
  return waiting.slice(0, end === -1 ? undefined : end);
}
