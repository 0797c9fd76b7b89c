import type { LocalSendoff } from '../../lib/local/start.ts';

/** SIGKILL of workers. */
export interface Kills {
  readonly count: number;
  /** Kills the next worker whose email SES has just taken, before it can write that down. */
  killNext(): Promise<void>;
  /** From now on kills a worker after a random number of calls of SES, `every` on average. */
  killAtRandom(every: number): void;
  stop(): void;
}

/** Prepares the kills of a running Sendoff. */
export function createKills({ cloud, redis }: LocalSendoff): Kills {
  const functionName = redis ? 'RedisConsumer' : 'SendFunction';
  const rule = {
    service: 'ses',
    action: 'SendRawEmail',
    functionName,
    when: 'after',
    effect: { kind: 'kill' },
  } as const;
  let [count, calls, next] = [0, 0, 0];
  let remove = () => {};
  return {
    get count() {
      return count;
    },
    killNext: async () => {
      await cloud.faults.add({ ...rule, times: 1 }).triggered;
      count++;
    },
    killAtRandom: (every) => {
      const draw = () => Math.ceil(every * (0.5 + Math.random()));
      next = draw();
      const match = () => {
        if (++calls < next) return false;
        next = calls + draw();
        count++;
        return true;
      };
      remove = cloud.faults.add({ ...rule, match }).remove;
    },
    stop: () => remove(),
  };
}
