import { redisError } from './errors.ts';
import type { Operation, RedisValue } from './lua/operation.ts';
import type { Result } from './run-script.ts';

interface Waiting {
  readonly operations: readonly Operation[];
  readonly sizeBytes: number;
  resolve(answers: RedisValue[]): void;
  reject(error: unknown): void;
}

/** Upstash takes requests of 10 MB. A request of several operations stays far below; one operation alone may be larger. */
const GATHER_BYTES = 1024 * 1024;
/** While so many requests are under way, further operations are gathered for the next one. */
const MAX_REQUESTS = 3;

/**
 * Runs operations that are asked for at the same moment in one script. A call that asked for several gets all answers or rejects
 * with the first error; the other calls do not notice.
 */
export function gather(
  runScript: (operations: readonly Operation[]) => Promise<readonly Result[]>,
): (operations: readonly Operation[]) => Promise<RedisValue[]> {
  const waiting: Waiting[] = [];
  let requests = 0;
  let scheduled = false;

  const execute = async (batch: readonly Waiting[]) => {
    const results = await runScript(batch.flatMap(({ operations }) => operations));
    let next = 0;
    for (const { operations, resolve, reject } of batch) {
      const answers = results.slice(next, next + operations.length);
      next += operations.length;
      const failed = answers.find(([ok]) => ok === 0);
      if (failed) reject(redisError(String(failed[1])));
      else resolve(answers.map(([, answer]) => answer));
    }
  };

  const flush = () => {
    scheduled = false;
    while (requests < MAX_REQUESTS && waiting.length > 0) {
      const batch = takeBatch(waiting);
      requests++;
      execute(batch)
        .catch((error: unknown) => {
          for (const { reject } of batch) reject(error);
        })
        .finally(() => {
          requests--;
          flush();
        });
    }
  };

  return (operations) =>
    new Promise((resolve, reject) => {
      const sizeBytes = operations.flat().reduce<number>((sum, argument) => sum + String(argument).length, 0);
      waiting.push({ operations, sizeBytes, resolve, reject });
      if (scheduled) return;
      scheduled = true;
      // After what runs now has run: all operations of the same moment are here then.
      setImmediate(flush);
    });
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0;
  const end = waiting.findIndex(({ sizeBytes }, index) => {
    bytes += sizeBytes;
    return index > 0 && bytes > GATHER_BYTES;
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}
