import type { QueueName } from '../queues.ts';
import { Postponed } from '../task/task.ts';
import type { SlotClock } from './slot-clock.ts';

/** A reserved time at which an email may be sent. */
export interface Turn {
  readonly queue: QueueName;
  readonly recipients: number;
  readonly startMs: number;
  /** When it is lost: an email sent later would form a burst with those of the next turns. */
  readonly lostAtMs: number;
  /** When it was to be answered: a late timer counts as time that the email needs. */
  readonly answeredAtMs: number;
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
  /** Recipients a second, more than 0. Rejects with Postponed while nothing of this queue may be sent. */
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
/** A turn is answered before its time by what claiming and composing took lately: at least, and at most, this long. */
const LEAST_LEAD_MS = 60;
const MOST_LEAD_MS = 1_000;
/** A turn is lost when its time has passed, but not sooner than this after it began. */
const LATE_MS = 100;
/**
 * The slot document takes 1,000 writes a second. Bulk emails that come one after another, as those of a broadcast do, are gathered for so
 * long at a rate from which a write for each would be too many.
 */
const GATHER_MS = 150;
const GATHER_FROM_PER_SECOND = 500;
/**
 * Gathered emails have their turns within some ms, and one core composes them one after the other: 30 take 190 ms. SES's bucket takes a
 * quarter of a second's emails at once.
 */
const GATHERED_LATE_MS = 250;
/** The random wait after a refusal; it doubles, so that many waiting workers make few writes. */
const LEAST_WAIT_MS = 100;
const MOST_WAIT_MS = 4_000;
/** A refusal says nothing about the time after this. */
const REFUSED_MS = 10_000;
/** How long a job waits on the queue that could not have a turn in time, in seconds; up to twice that. */
const POSTPONE_SECONDS = 5;
const POSTPONED = 'More emails are waiting than the sending rate of Amazon SES lets through';

interface Email {
  readonly recipients: number;
  readonly untilMs: number;
  /** It has had a turn: it goes first, and whether the account sends is not asked again, as the provider will say so. */
  readonly claimed: boolean;
}

interface Request extends Email {
  readonly resolve: (turn: Turn) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes the pacer of a process. Requests of the same moment share reservations. */
export function createPacer(dependencies: PacerDependencies): Pacer {
  const { clock, now, wait } = dependencies;
  const lines = new Map<QueueName, Line>();
  let leadMs = LEAST_LEAD_MS;
  const lineOf = (queue: QueueName): Line => {
    const line = lines.get(queue) ?? createLine(queue, () => leadMs, dependencies);
    lines.set(queue, line);
    return line;
  };
  const again = ({ queue, recipients }: Turn, untilMs: number) =>
    lineOf(queue).join({ recipients, untilMs, claimed: true });
  const arrive: Pacer['arrive'] = async (turn, untilMs) => {
    const tookMs = now() - turn.answeredAtMs;
    leadMs = Math.min(MOST_LEAD_MS, Math.max(LEAST_LEAD_MS, 0.9 * leadMs + 0.1 * 1.5 * tookMs));
    let current = turn;
    // Later each time: a function that is always late, for want of CPU, would never send.
    for (let graceMs = 0; ; graceMs = 2 * graceMs + LATE_MS) {
      await wait(Math.max(0, current.startMs - now()));
      if (now() <= current.lostAtMs + graceMs) return;
      current = await again(turn, untilMs);
    }
  };
  return {
    reserve: (queue, recipients, untilMs) => lineOf(queue).join({ recipients, untilMs, claimed: false }),
    arrive,
    async afterThrottle(turn, untilMs) {
      await clock.slowDown();
      await arrive(await again(turn, untilMs), untilMs);
    },
    isLimiting: () => [...lines.values()].some((line) => line.refused()),
  };
}

/** The emails of one queue that wait in this process. */
interface Line {
  join(email: Email): Promise<Turn>;
  /** True if the last reservation was refused, lately. */
  refused(): boolean;
}

function createLine(
  queue: QueueName,
  leadMs: () => number,
  { clock, rate, now, random, wait }: PacerDependencies,
): Line {
  const horizonMs = HORIZON_MS[queue] ?? 0;
  let waiting: Request[] = [];
  let serving = false;
  let refusals = 0;
  let refusedAtMs = 0;
  let ratePerSecond = 0;
  let reservedAtMs = 0;

  const gathers = () => queue === 'bulk' && ratePerSecond >= GATHER_FROM_PER_SECOND;

  const serve = async () => {
    // The other requests of this moment join first.
    await Promise.resolve();
    for (dismiss(now()); waiting.length > 0; ) {
      if (!waiting[0]?.claimed || ratePerSecond === 0) ratePerSecond = await rate(queue);
      const gatheredAtMs = reservedAtMs + GATHER_MS;
      if (gathers() && gatheredAtMs > now()) await wait(gatheredAtMs - now());
      reservedAtMs = now();
      const some = firstOf(waiting, Math.floor(ratePerSecond * LONGEST_SECONDS));
      const recipients = some.reduce((sum, request) => sum + request.recipients, 0);
      const leftMs = Math.min(...some.map(({ untilMs }) => untilMs)) - now();
      const reservation = await clock.reserve(recipients, ratePerSecond, Math.min(horizonMs, leftMs));
      if (reservation.startMs !== undefined) {
        refusals = 0;
        // Others may have joined before them meanwhile.
        waiting = waiting.filter((request) => !some.includes(request));
        answer(some, reservation.startMs, reservation.lengthMs / recipients);
      } else {
        refusedAtMs = now();
        const jitterMs = random() * Math.min(MOST_WAIT_MS, LEAST_WAIT_MS * 2 ** refusals++);
        const waitMs = Math.max(0, reservation.freeAtMs - horizonMs - now()) + jitterMs;
        dismiss(now() + waitMs);
        if (waiting.length > 0) await wait(waitMs);
      }
    }
  };

  /** Gives each its part of the reserved time, shortly before it. */
  const answer = (some: readonly Request[], firstMs: number, recipientMs: number) => {
    const lateMs = gathers() ? GATHERED_LATE_MS : LATE_MS;
    let startMs = firstMs;
    for (const { recipients, resolve, reject } of some) {
      const lengthMs = recipientMs * recipients;
      const turn = { queue, recipients, startMs, lostAtMs: startMs + Math.max(lateMs, lengthMs) };
      // The planned time: a timer that fires late needs a longer lead, too.
      const answeredAtMs = Math.max(now(), startMs - leadMs());
      void wait(Math.max(0, answeredAtMs - now())).then(() => resolve({ ...turn, answeredAtMs }), reject);
      startMs += lengthMs;
    }
  };

  /** Sends those away who cannot wait until then. */
  const dismiss = (nextMs: number) => {
    for (const { reject } of waiting.filter(({ untilMs }) => untilMs < nextMs))
      reject(new Postponed(POSTPONED, POSTPONE_SECONDS * (1 + random())));
    waiting = waiting.filter(({ untilMs }) => untilMs >= nextMs);
  };

  const start = () => {
    if (serving) return;
    serving = true;
    void serve()
      .catch((error: unknown) => {
        for (const { reject } of waiting) reject(error);
        waiting = [];
      })
      .finally(() => {
        serving = false;
        if (waiting.length > 0) start();
      });
  };

  return {
    join: (email) =>
      new Promise((resolve, reject) => {
        const request = { ...email, resolve, reject };
        waiting = email.claimed ? [request, ...waiting] : [...waiting, request];
        start();
      }),
    refused: () => refusals > 0 && now() - refusedAtMs < REFUSED_MS,
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
