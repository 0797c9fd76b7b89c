import type { RedisClient, RedisValue } from './client.ts';
import * as operations from './operations.ts';

/** An entry of the dead-letter stream. */
export interface RedisDeadLetter {
  /** The stream's id of it. */
  readonly id: string;
  /** As it was sent; perhaps not a job at all. */
  readonly body: string;
  /** The queue it came from. */
  readonly queue: string;
  readonly receiveCount: number;
  /** When it was queued, epoch ms of Redis' clock. */
  readonly queuedAtMs: number;
}

/** The dead-letter stream as an operator uses it. Reading takes nothing out and hides nothing. */
export interface RedisDeadLetters {
  /** Those after this one (an id; empty: from the first on), oldest first, at most `limit`. */
  list(after: string, limit: number): Promise<RedisDeadLetter[]>;
  /**
   * Puts the job back on its queue and takes it out of here, in one step, and invokes a consumer if none is at work.
   * `gone`: it was not here any more; `homeless`: it names no queue, and stays.
   */
  redrive(id: string): Promise<'redriven' | 'gone' | 'homeless'>;
  delete(id: string): Promise<void>;
  /** How many there are. */
  depth(): Promise<number>;
}

/** The dead letters of the queues in Redis; those of other queues are elsewhere. */
export function createRedisDeadLetters({ run, peek }: Pick<RedisClient, 'run' | 'peek'>): RedisDeadLetters {
  return {
    list: async (after, limit) => {
      const rows = (await run(operations.deadLetters({ after, count: limit }))) as readonly (readonly string[])[];
      return rows.map(([id = '', body = '', queue = '', received = '', queued = '']) => ({
        id,
        body,
        queue,
        receiveCount: Number(received),
        // Entries of the first release do not say it: then when it was given up, which is what an id begins with.
        queuedAtMs: Number(queued || id.split('-')[0]),
      }));
    },
    redrive: async (id) => endings(await run(operations.redrive(id))),
    delete: async (id) => {
      await run(operations.discard(id));
    },
    depth: async () => (await peek()).deadLetters,
  };
}

function endings(answer: RedisValue): 'redriven' | 'gone' | 'homeless' {
  if (answer === 1) return 'redriven';
  return answer === 0 ? 'gone' : 'homeless';
}
