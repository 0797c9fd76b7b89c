import type { QueueState } from '../adapters/metrics.ts';
import type { RedisClient, Timer } from '../adapters/redis/client.ts';
import { queueAges } from '../adapters/redis/inspection.ts';
import { invoke, removeConsumers, unwatch, watch } from '../adapters/redis/operations.ts';
import { untilAnswered } from '../adapters/redis/retry.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import type { DeadLetterCount } from './dead-letter-count.ts';

export interface WatchdogDependencies {
  readonly client: Pick<RedisClient, 'firstTimer' | 'run' | 'queues'>;
  readonly now: () => number;
  /** Waits, in ms. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly log: Logger;
  /** When this run ends, epoch ms; the next one begins before. */
  readonly endMs: number;
}

/** A consumer at work takes a due job within this time, so the watchdog looks again only after it. */
const PATIENCE_MS = 1_000;
/** Longer than a function can run. */
const OLD_CONSUMER_MS = 3_600_000;

export interface MinuteDependencies extends WatchdogDependencies {
  readonly client: WatchdogDependencies['client'] & Pick<RedisClient, 'peek'>;
  /** Called once a run with the state of the queues. */
  readonly report: (state: QueueState) => void;
  /** Absent: dead letters are counted in each run. */
  readonly deadLetterCount?: DeadLetterCount;
}

/**
 * The run of each minute: reports the state of the queues and invokes a consumer when one is needed. Costs two commands if
 * nothing is due before the run's end, or one where the dead letters need not be counted. Answers how often it invoked a consumer.
 */
export async function runMinute({ report, deadLetterCount, ...dependencies }: MinuteDependencies): Promise<number> {
  const { client, log, endMs, now } = dependencies;
  const known = deadLetterCount?.known(now());
  const peek = await answered(dependencies, async () =>
    known === undefined ? client.peek() : { first: await client.firstTimer(), deadLetters: known },
  );
  const { first, deadLetters } = peek;
  // While a queue holds a job, `@` is among the timers, at most a lease ahead: only a consumer that leaves all queues empty
  // removes it (adapters/redis/lua/consumers.ts). So without a timer soon no job can be old.
  const asked = first && first.atMs < endMs ? queueAges(client) : undefined;
  deadLetterCount?.note(deadLetters, { counted: known === undefined, busy: asked !== undefined }, now());
  // At the same time, so that a report that fails or takes long delays no invocation.
  const reported = Promise.resolve(asked).then(
    (queues) => report({ deadLetters, ...(queues ? { queues } : {}) }),
    (error: unknown) => {
      report({ deadLetters });
      log.warn('the age of the oldest jobs could not be read', { error });
    },
  );
  const [invocations] = await Promise.all([
    invokeWhenDue(dependencies, peek),
    reported,
    asked && isFirstOfHour(dependencies.now()) ? cleanUp(dependencies) : undefined,
  ]);
  return invocations;
}

const isFirstOfHour = (nowMs: number): boolean => new Date(nowMs).getUTCMinutes() === 0;

async function cleanUp({ client, log }: WatchdogDependencies): Promise<void> {
  await client
    .run(removeConsumers({ idleMs: OLD_CONSUMER_MS }))
    .catch((error: unknown) => log.warn('the consumers of earlier versions could not be removed', { error }));
}

/**
 * Invokes a consumer when a delayed job is due, and when the consumer at work has sent no heartbeat for its lease. `seen`
 * saves the first look. Answers how often it invoked one.
 */
async function invokeWhenDue(
  dependencies: WatchdogDependencies,
  seen?: { readonly first: Timer | undefined },
): Promise<number> {
  const { client, now, sleep, endMs } = dependencies;
  const look = () => answered(dependencies, () => client.firstTimer());
  let { first } = seen ?? { first: await look() };
  for (let invocations = 0; ; first = await look()) {
    if (!first || first.atMs >= endMs) return invocations;
    if (first.atMs <= now()) {
      // Invokes none if a consumer is at work: that one takes the job itself.
      invocations += (await answered(dependencies, () => client.run(invoke()))) === 1 ? 1 : 0;
      await sleep(PATIENCE_MS);
    } else {
      await sleep(first.atMs - now());
    }
    if (now() >= endMs) return invocations;
  }
}

/**
 * The run that a consumer starts; there is one such watchdog at a time. It signs off before its last look, so a consumer that
 * started in between either starts another watchdog or is seen by this one.
 */
export async function watchUntilDone(dependencies: WatchdogDependencies): Promise<number> {
  const { client, now, sleep, endMs } = dependencies;
  // Most consumers have ended by then; a watchdog that looks at once would sleep until the end of a lease.
  await sleep(PATIENCE_MS);
  for (let invocations = 0; ; ) {
    invocations += await invokeWhenDue(dependencies);
    await answered(dependencies, () => client.run(unwatch()));
    if (now() >= endMs) return invocations;
    const first = await answered(dependencies, () => client.firstTimer());
    if (!first || first.atMs >= endMs || (await client.run(watch())) !== 1) return invocations;
  }
}

/** Asks again until the run's end: if the watchdog gave up at a lost request, nothing would notice the next crash. */
const answered = <T>({ now, log, endMs }: WatchdogDependencies, ask: () => Promise<T>): Promise<T> =>
  untilAnswered({ now, log, untilMs: endMs }, ask);
