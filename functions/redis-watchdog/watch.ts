import type { QueueState } from '../adapters/metrics.ts';
import type { RedisClient, Timer } from '../adapters/redis/client.ts';
import { queueAges } from '../adapters/redis/inspection.ts';
import { untilAnswered } from '../adapters/redis/retry.ts';
import type { Logger } from '../core/ports/telemetry.ts';

export interface WakeDependencies {
  readonly client: Pick<RedisClient, 'firstTimer' | 'run'>;
  readonly now: () => number;
  /** Waits, in ms. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly log: Logger;
  /** When this run ends, epoch ms; the next one begins before. */
  readonly endMs: number;
}

/** A drainer that is at work promotes what is due within this; the job was then a moment too early to look. */
const PATIENCE_MS = 1_000;

export interface MinuteDependencies extends WakeDependencies {
  readonly client: WakeDependencies['client'] & Pick<RedisClient, 'glance'>;
  /** Told how the queues stand, once a run. */
  readonly report: (state: QueueState) => void;
}

/**
 * What happens once a minute: says how the queues stand, then rings when it is time. With nothing to do before the run's end it
 * costs two commands. Answers how often it rang.
 */
export async function runMinute({ report, ...dependencies }: MinuteDependencies): Promise<number> {
  const { client, log, endMs } = dependencies;
  const glance = await answered(dependencies, () => client.glance());
  const { first, deadLetters } = glance;
  // While a queue holds anything `@` is among the timers, at most a lease ahead: only a drainer that leaves with
  // all of them empty takes it out (redis-scripts.ts). So without a timer soon there is nothing that could be old.
  const asked = first && first.atMs < endMs ? queueAges(client) : undefined;
  // Beside, not before: whatever becomes of the telling, the ringing must not wait for it.
  const told = Promise.resolve(asked).then(
    (queues) => report({ deadLetters, ...(queues ? { queues } : {}) }),
    (error: unknown) => {
      report({ deadLetters });
      log.warn('it is not known how old the oldest jobs are', { error });
    },
  );
  const [rings] = await Promise.all([wakeWhenDue(dependencies, glance), told]);
  return rings;
}

/**
 * The alarm clock of the queues: rings for a drainer when a delayed job is due, and when the drainer that was known
 * to be at work has not been heard of for its lease. `seen` saves the first look.
 * Answers how often it rang.
 */
export async function wakeWhenDue(
  dependencies: WakeDependencies,
  seen?: { readonly first: Timer | undefined },
): Promise<number> {
  const { client, now, sleep, endMs } = dependencies;
  const look = () => answered(dependencies, () => client.firstTimer());
  let { first } = seen ?? { first: await look() };
  for (let rings = 0; ; first = await look()) {
    if (!first || first.atMs >= endMs) return rings;
    if (first.atMs <= now()) {
      // Rings unless a drainer is at work, which then takes what is due itself.
      rings += (await answered(dependencies, () => client.run(['wake']))) === 1 ? 1 : 0;
      await sleep(PATIENCE_MS);
    } else {
      await sleep(first.atMs - now());
    }
    if (now() >= endMs) return rings;
  }
}

/**
 * The same for a watcher that a drainer started, of which there is one at a time. That it watches no more is said before the
 * last look: a drainer that came to work in between either starts another watcher or is seen here.
 */
export async function watchUntilDone(dependencies: WakeDependencies): Promise<number> {
  const { client, now, sleep, endMs } = dependencies;
  // Most drainers have done by then: a watcher that looks at once would sleep until the end of a lease.
  await sleep(PATIENCE_MS);
  for (let rings = 0; ; ) {
    rings += await wakeWhenDue(dependencies);
    await answered(dependencies, () => client.run(['unwatch']));
    if (now() >= endMs) return rings;
    const first = await answered(dependencies, () => client.firstTimer());
    if (!first || first.atMs >= endMs || (await client.run(['watch'])) !== 1) return rings;
  }
}

/** A watcher that gave up with the first lost request would be missed by whoever dies next. */
const answered = <T>({ now, log, endMs }: WakeDependencies, ask: () => Promise<T>): Promise<T> =>
  untilAnswered({ now, log, untilMs: endMs }, ask);
