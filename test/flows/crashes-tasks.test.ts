import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { createRedisBackend } from '../../functions/adapters/redis/backend.ts';
import { newId } from '../../functions/core/ids.ts';
import { taskQueueNames } from '../../functions/core/queues.ts';
import { isEnded, type RunRecord, runKey } from '../../functions/core/run/run.ts';
import { tasksNamespace } from '../../functions/runtime/tasks/tasks-redis.ts';
import { silentClient } from '../../lib/local/redis.ts';
import type { Line } from '../fixtures/tasks/killed.ts';
import { onRedis } from './flows-backend.ts';
import { running } from './running.ts';

/** A crash is noticed when a lease has ended, after half a minute: `npm test` has no time for that, `npm run test:crashes` sets it. */
const COUNT = Number(process.env.CRASH_RUNS ?? 0);
const CLIENTS = 20;
/**
 * Bytes that the tasks write between two kills, on average: not a time, as on a busy machine a function would hardly start before
 * the next one. A function has ten runs at a time on AWS, more on Redis.
 */
const BYTES_PER_KILL = onRedis ? 40_000 : 8_000;
/** Longer than a lease and its return to the queue. */
const PATIENCE_MS = 150_000;

const scratch = mkdtempSync(join(tmpdir(), 'crashes-tasks-'));
const file = join(scratch, 'lines');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.runIf(COUNT > 0)(`with backend=${onRedis ? 'redis' : 'aws'}`, () => {
  const local = running({ config: { tasks: join(import.meta.dirname, '..', 'fixtures', 'tasks', 'killed.ts') } });
  const tableOfRuns = () => {
    if (!local.redis) return local.table;
    const namespace = tasksNamespace(local.cloud.outputs.RedisNamespace ?? '');
    return createRedisBackend(silentClient(local.redis, namespace, taskQueueNames)).table;
  };

  it(`loses none of ${COUNT} runs though their functions are killed at random, and repeats no step that was kept`, async () => {
    const killer = startKiller();
    const ids = Array.from({ length: COUNT }, () => newId());
    const calls = ids.entries();
    const client = async () => {
      for (const [index, id] of calls) {
        const body = { id, args: { file, steps: 2 + (index % 2) } };
        // A busy machine may answer 503. The id is ours, so that the same call again makes no second run.
        while ((await local.request('POST', '/tasks/test.killed', body)).status !== 202) await sleep(500);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    // Four fifths have begun: what follows is the end of the leases.
    while (new Set(lines().map(([, , run]) => run)).size < COUNT * 0.8) await sleep(1_000);
    const kills = await killer.stop();
    const ended = await allEnded(ids);
    const { twice, between } = repeatedSteps();
    const lost = COUNT - ended.size;
    const succeeded = [...ended.values()].filter(({ status }) => status === 'succeeded');
    const crashed = [...ended.values()].filter(({ crashes = 0 }) => crashes > 0);
    const attempts = Math.max(...[...ended.values()].map((run) => run.attempts));
    console.info(
      `${onRedis ? 'redis' : 'aws'}: runs ${COUNT}, lost ${lost}, succeeded ${succeeded.length}, functions killed ${kills}, runs that crashed ${crashed.length} (at most ${attempts} attempts), steps executed twice ${twice.length}, of them crashed between effect and record ${between.length}`,
    );
    expect(kills).toBeGreaterThan(0);
    expect(crashed.length).toBeGreaterThan(0);
    expect({ lost, succeeded: succeeded.length }).toEqual({ lost: 0, succeeded: COUNT });
    expect(twice.filter((key) => !between.includes(key))).toEqual([]);
    for (const [index, id] of ids.entries()) {
      const steps = Object.keys(ended.get(id) ?? {}).filter((name) => name.startsWith('step:'));
      expect(steps).toHaveLength(2 + (index % 2));
    }

    /** The steps that were executed more than once; of them those of which no attempt but the last had a kept result. */
    function repeatedSteps() {
      const steps = Map.groupBy(lines(), ([, , run, step]) => `${run} ${step}`);
      const twice: string[] = [];
      const between: string[] = [];
      for (const [key, itsLines] of steps) {
        const effects = itsLines.filter(([what]) => what === 'effect').map(([, , , , attempt]) => attempt);
        if (effects.length < 2) continue;
        twice.push(key);
        const [, , run = ''] = itsLines[0] ?? [];
        const crashes = new Set(ended.get(run)?.events?.map(({ type, attempt }) => type === 'crashed' && attempt));
        const kept = itsLines.filter(([what]) => what === 'kept').map(([, , , , attempt]) => attempt);
        const last = Math.max(...effects);
        const earlier = effects.filter((attempt) => attempt < last);
        const once = earlier.length === effects.length - 1 && new Set(earlier).size === earlier.length;
        if (once && earlier.every((attempt) => crashes.has(attempt) && !kept.includes(attempt))) between.push(key);
      }
      return { twice, between };
    }
  }, 600_000);

  /** Those of these runs that end; waits until none has ended for so long. */
  async function allEnded(ids: readonly string[]): Promise<Map<string, RunRecord>> {
    const table = tableOfRuns();
    const ended = new Map<string, RunRecord>();
    let endedAtMs = Date.now();
    while (ended.size < ids.length && Date.now() - endedAtMs < PATIENCE_MS) {
      const left = ids.filter((id) => !ended.has(id));
      for (let start = 0; start < left.length; start += 50) {
        const read = async (id: string) => table.get<RunRecord>(runKey(id));
        for (const run of await Promise.all(left.slice(start, start + 50).map(read)))
          if (run && isEnded(run)) {
            ended.set(run.id, run);
            endedAtMs = Date.now();
          }
      }
      await sleep(1_000);
    }
    return ended;
  }
});

function lines(): Line[] {
  try {
    const text = readFileSync(file, 'utf8');
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
  } catch {
    // None has begun.
    return [];
  }
}

/** `kill -9` of the process that wrote the last line, at random moments. */
function startKiller() {
  let stopped = false;
  let nextBytes = 0;
  const kill = async () => {
    const dead = new Set<number>();
    for (; !stopped; await sleep(10 + 20 * Math.random())) {
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (size <= nextBytes) continue;
      const pid = lines().at(-1)?.[1];
      if (pid === undefined || dead.has(pid)) continue;
      nextBytes = size + BYTES_PER_KILL * (0.5 + Math.random());
      dead.add(pid);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    return dead.size;
  };
  const killing = kill();
  return {
    stop: () => {
      stopped = true;
      return killing;
    },
  };
}
