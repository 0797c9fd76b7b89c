import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { SendoffError, unavailable } from '../../../../functions/core/errors.ts';
import type { Delivery, Job, OutgoingJob } from '../../../../functions/core/ports/broker.ts';
import type { LogFields } from '../../../../functions/core/ports/telemetry.ts';
import { HeldElsewhere, Postponed, type Run, type TaskOptions, task } from '../../../../functions/core/task/task.ts';
import { createWorker } from '../../../../functions/core/task/worker.ts';
import { pick, randomFrom } from '../../../helpers/random-text.ts';

type Args = { id: string };
type Options = Partial<TaskOptions<Args, string>> & {
  run?: (args: Args, run: Run, dependencies: string) => Promise<void>;
  send?: (jobs: readonly OutgoingJob[]) => Promise<void>;
  concurrency?: number;
};

const nowMs = 1_800_000_000_000;
const retry = { maxAttempts: 3, baseSeconds: 10, capSeconds: 100 };

const setUp = ({ run = async () => {}, send, concurrency = 10, ...options }: Options = {}) => {
  const queued: OutgoingJob[] = [];
  const logged: { message: string; fields: LogFields | undefined }[] = [];
  const note = (message: string, fields?: LogFields) => void logged.push({ message, fields });
  const declared = task(
    'thing.do',
    { args: z.object({ id: z.string() }), queue: 'transactional', retry, ...options },
    run,
  );
  const work = createWorker({
    tasks: [declared],
    dependencies: 'dependencies',
    broker: { send: send ?? (async (jobs) => void queued.push(...jobs)) },
    log: { info: note, warn: note, error: note },
    concurrency,
    now: () => nowMs,
    random: () => 0.5,
  });
  return {
    work: (deliveries: readonly Delivery[], stopsAtMs?: number) => work(deliveries, () => nowMs + 1_000, stopsAtMs),
    queued,
    logged,
  };
};
const job = (fields: Partial<Job> = {}): Job => ({ task: 'thing.do', args: { id: '1' }, attempt: 1, ...fields });
const delivery = (body: Job | string, id = 'd1', queue: Delivery['queue'] = 'transactional'): Delivery => ({
  id,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  queue,
});

describe('a worker', () => {
  it('runs a job with its arguments and its run, and acknowledges it', async () => {
    const seen: unknown[] = [];
    const { work } = setUp({
      run: async (args, { job: its, queue, deadlineMs, now }, dependencies) =>
        void seen.push(args, its, queue, deadlineMs, now(), dependencies),
    });
    expect(await work([delivery(job(), 'd1', 'bulk')])).toEqual([]);
    expect(seen).toEqual([{ id: '1' }, job(), 'bulk', nowMs + 1_000, nowMs, 'dependencies']);
  });

  it('gives a run the end of the function, which is after its deadline where claims are renewed', async () => {
    const seen: number[] = [];
    const { work } = setUp({ run: async (_args, { stopsAtMs }) => void seen.push(stopsAtMs) });
    await work([delivery(job())]);
    await work([delivery(job())], nowMs + 5_000);
    expect(seen).toEqual([nowMs + 1_000, nowMs + 5_000]);
  });

  it('answers nothing for an empty batch', async () => {
    expect(await setUp().work([])).toEqual([]);
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['no JSON', '{'],
    ['no object', '"email.send"'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no task', '{"args":{"id":"1"},"attempt":1}'],
    ['an unknown task', '{"task":"thing.undo","args":{"id":"1"},"attempt":1}'],
    ['a task named as what every object has', '{"task":"constructor","args":{"id":"1"},"attempt":1}'],
    ['no args', '{"task":"thing.do","attempt":1}'],
    ['args of another shape', '{"task":"thing.do","args":{"id":1},"attempt":1}'],
    ['no attempt', '{"task":"thing.do","args":{"id":"1"}}'],
    ['attempt zero', '{"task":"thing.do","args":{"id":"1"},"attempt":0}'],
    ['a fraction of an attempt', '{"task":"thing.do","args":{"id":"1"},"attempt":1.5}'],
    ['a time that is text', '{"task":"thing.do","args":{"id":"1"},"attempt":1,"dueAtMs":"now"}'],
    ['an expiry that is null', '{"task":"thing.do","args":{"id":"1"},"attempt":1,"expiresAtMs":null}'],
  ])('does not acknowledge a malformed job, and runs the others: %s', async (_what, body) => {
    const ran: string[] = [];
    const { work, queued, logged } = setUp({ run: async ({ id }) => void ran.push(id) });
    expect(await work([delivery(body, 'bad'), delivery(job(), 'good')])).toEqual(['bad']);
    expect(ran).toEqual(['1']);
    expect(queued).toEqual([]);
    expect(logged).toEqual([{ message: 'job not handled', fields: { deliveryId: 'bad', error: expect.anything() } }]);
  });

  it('runs at most `concurrency` jobs at once', async () => {
    let running = 0;
    let most = 0;
    const { work } = setUp({
      concurrency: 3,
      run: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      },
    });
    await work(Array.from({ length: 10 }, (_, index) => delivery(job(), `d${index}`)));
    expect(most).toBe(3);
  });

  it('does not acknowledge a job that another worker holds, and logs no error', async () => {
    const { work, queued, logged } = setUp({
      run: async () => {
        throw new HeldElsewhere('held');
      },
    });
    expect(await work([delivery(job())])).toEqual(['d1']);
    expect(queued).toEqual([]);
    expect(logged).toEqual([{ message: 'job left for later', fields: expect.objectContaining({ reason: 'held' }) }]);
  });
});

describe('time', () => {
  const ran = async (fields: Partial<Job>, queue: Delivery['queue'] = 'transactional') => {
    let runs = 0;
    const { work, queued } = setUp({ run: async () => void runs++ });
    expect(await work([delivery(job(fields), 'd1', queue)])).toEqual([]);
    return { runs, queued };
  };

  it('drops a job after its expiry, not at it', async () => {
    expect(await ran({ expiresAtMs: nowMs - 1 })).toEqual({ runs: 0, queued: [] });
    expect(await ran({ expiresAtMs: nowMs })).toEqual({ runs: 1, queued: [] });
  });

  it('runs a job up to a second early, as clocks differ', async () => {
    expect(await ran({ dueAtMs: nowMs + 1_000 })).toEqual({ runs: 1, queued: [] });
    expect((await ran({ dueAtMs: nowMs + 1_001 })).runs).toBe(0);
  });

  it('queues a job that arrives before its time unchanged on the same queue', async () => {
    const fields = { group: 'g', dueAtMs: nowMs + 3_600_000, expiresAtMs: nowMs + 7_200_000, attempt: 2 };
    expect(await ran(fields, 'bulk')).toEqual({ runs: 0, queued: [{ queue: 'bulk', job: job(fields) }] });
  });

  it('does not acknowledge a job that could not be queued again', async () => {
    const { work } = setUp({
      send: async () => {
        throw unavailable('SQS is down');
      },
    });
    expect(await work([delivery(job({ dueAtMs: nowMs + 3_600_000 }))])).toEqual(['d1']);
  });
});

describe('a job that cannot run now', () => {
  const postpones = async () => {
    throw new Postponed('no turn', 30);
  };

  it('is queued again on its queue with the same attempt and a delay, all of a batch at once', async () => {
    const sends: (readonly OutgoingJob[])[] = [];
    const called: string[] = [];
    const { work, logged } = setUp({
      run: postpones,
      send: async (jobs) => void sends.push(jobs),
      onRetry: async () => void called.push('onRetry'),
      onFailed: async () => void called.push('onFailed'),
    });
    const fields = { attempt: 3, expiresAtMs: nowMs + 60_000 };
    const early = job({ dueAtMs: nowMs + 5_000 });
    expect(await work([delivery(job(fields)), delivery(job(), 'd2', 'bulk'), delivery(early, 'd3')])).toEqual([]);
    const dueAtMs = nowMs + 30_000;
    expect(sends).toEqual([
      expect.arrayContaining([
        { queue: 'transactional', job: job({ ...fields, dueAtMs }) },
        { queue: 'bulk', job: job({ dueAtMs }) },
        { queue: 'transactional', job: early },
      ]),
    ]);
    expect(called).toEqual([]);
    expect(logged).toEqual([{ message: 'jobs postponed', fields: { jobs: 3 } }]);
  });

  it('may be queued again with other arguments', async () => {
    const { work, queued } = setUp({
      run: postpones,
      onPostponed: ({ id }, { message }) => ({ id: `${id}, ${message}` }),
    });
    await work([delivery(job())]);
    expect(queued[0]?.job.args).toEqual({ id: '1, no turn' });
  });

  it('is not acknowledged when it could not be queued again; jobs of the batch that ended well are', async () => {
    const { work } = setUp({
      run: async ({ id }) => {
        if (id !== 'well') await postpones();
      },
      send: async () => {
        throw unavailable('SQS is down');
      },
    });
    const well = delivery(job({ args: { id: 'well' } }), 'well');
    expect(await work([delivery(job(), 'd1'), well, delivery(job(), 'd2')])).toEqual(['d1', 'd2']);
  });
});

describe('a job that fails', () => {
  const fails = (error: unknown) => async () => {
    throw error;
  };

  it('is tried again after a while: the new job is queued, then `onRetry` is called', async () => {
    const called: unknown[] = [];
    const { work, queued } = setUp({
      run: fails(unavailable('later')),
      onRetry: async (...all) => void called.push(queued.length, ...all.slice(0, 2)),
    });
    expect(await work([delivery(job({ group: 'g', expiresAtMs: nowMs + 60_000 }), 'd1', 'bulk')])).toEqual([]);
    const next = job({ group: 'g', attempt: 2, dueAtMs: nowMs + 5_000, expiresAtMs: nowMs + 60_000 });
    expect(queued).toEqual([{ queue: 'bulk', job: next }]);
    expect(called).toEqual([1, { id: '1' }, unavailable('later')]);
  });

  it('waits longer than its policy says when the error asks for it, never shorter', async () => {
    for (const [asked, waited] of [
      [60, 60],
      [1, 5],
    ] as const) {
      const { work, queued } = setUp({ run: fails(unavailable('later', undefined, asked)) });
      await work([delivery(job())]);
      expect(queued[0]?.job.dueAtMs).toBe(nowMs + waited * 1_000);
    }
  });

  it('is tried as often as its policy says', async () => {
    const failed: number[] = [];
    const { work, queued } = setUp({
      run: fails(unavailable('later')),
      onFailed: async (_args, _error, run) => void failed.push(run.job.attempt),
    });
    expect(await work([delivery(job({ attempt: 2 }))])).toEqual([]);
    expect([queued.length, failed]).toEqual([1, []]);
    expect(await work([delivery(job({ attempt: 3 }))])).toEqual([]);
    expect([queued.length, failed]).toEqual([1, [3]]);
    expect(await work([delivery(job({ attempt: 4 }))])).toEqual([]);
    expect([queued.length, failed]).toEqual([1, [3, 4]]);
  });

  it('is tried until its task gives up, if the task decides that', async () => {
    for (const [gives, tried] of [
      [true, 0],
      [false, 1],
    ] as const) {
      const { work, queued } = setUp({ run: fails(unavailable('later')), givesUp: () => gives });
      expect(await work([delivery(job({ attempt: 99 }))])).toEqual([]);
      expect(queued).toHaveLength(tried);
    }
  });

  it('ends at once with an error that is not retryable', async () => {
    const failed: unknown[] = [];
    const error = new SendoffError('validation_error', 422, 'no');
    const { work, queued } = setUp({ run: fails(error), onFailed: async (args, why) => void failed.push(args, why) });
    expect(await work([delivery(job())])).toEqual([]);
    expect(queued).toEqual([]);
    expect(failed).toEqual([{ id: '1' }, error]);
  });

  it.each([[new TypeError('a bug')], ['text'], [undefined], [null]])(
    'is not acknowledged after %s, which is no error of ours',
    async (error) => {
      const { work, queued } = setUp({ run: fails(error) });
      expect(await work([delivery(job())])).toEqual(['d1']);
      expect(queued).toEqual([]);
    },
  );

  it('needs neither `onRetry` nor `onFailed`', async () => {
    const { work } = setUp({ run: fails(new SendoffError('validation_error', 422, 'no')) });
    expect(await work([delivery(job())])).toEqual([]);
  });

  it.each(['send', 'onRetry'] as const)(
    'is not acknowledged when its next try is not proven: %s fails',
    async (part) => {
      const { work } = setUp({ run: fails(unavailable('later')), [part]: fails(unavailable('down')) });
      expect(await work([delivery(job())])).toEqual(['d1']);
    },
  );

  it('is not acknowledged when `onFailed` throws', async () => {
    const { work } = setUp({
      run: fails(new SendoffError('validation_error', 422, 'no')),
      onFailed: fails(unavailable('down')),
    });
    expect(await work([delivery(job())])).toEqual(['d1']);
  });

  it('logs only ids of its arguments', async () => {
    const { work, logged } = setUp({ run: fails(unavailable('to ann@example.com')) });
    await work([delivery(job())]);
    expect(logged).toEqual([
      {
        message: 'job will be tried again',
        fields: { task: 'thing.do', args: { id: '1' }, attempt: 1, code: 'service_unavailable', delaySeconds: 5 },
      },
    ]);
  });
});

describe('whatever fails', () => {
  it('never acknowledges a job that neither ended well nor was queued again', async () => {
    const random = randomFrom(42);
    const outcomes = ['well', 'later', 'never', 'bug', 'held', 'postponed'] as const;
    for (let round = 0; round < 500; round++) {
      const endings = new Map<string, string>();
      const postponed = new Set<string>();
      const fail = (name: string, id: string, share = 0.2) => {
        if (random() < share) throw pick(random, [unavailable(name), new TypeError(name)]);
        endings.set(id, name);
      };
      const { work } = setUp({
        concurrency: 1 + Math.floor(random() * 4),
        run: async ({ id }) => {
          await Promise.resolve();
          const outcome = pick(random, outcomes);
          if (outcome === 'later') throw unavailable('later');
          if (outcome === 'never') throw new SendoffError('validation_error', 422, 'never');
          if (outcome === 'bug') throw new TypeError('a bug');
          if (outcome === 'held') throw new HeldElsewhere('held');
          if (outcome === 'postponed') {
            postponed.add(id);
            throw new Postponed('postponed', 60);
          }
          endings.set(id, 'well');
        },
        onRetry: async ({ id }) => fail('retried', id),
        onFailed: async ({ id }) => fail('failed', id),
        send: async (jobs) =>
          jobs.forEach((one) => {
            fail('queued', (one.job.args as Args).id);
          }),
      });
      const ids = Array.from({ length: 10 }, (_, index) => `id-${index}`);
      const malformed = delivery('{', 'malformed');
      const unacknowledged = await work([...ids.map((id) => delivery(job({ args: { id } }), id)), malformed]);
      expect(unacknowledged).toContain('malformed');
      for (const id of ids.filter((one) => !unacknowledged.includes(one)))
        expect(['well', 'retried', 'failed', ...(postponed.has(id) ? ['queued'] : [])]).toContain(endings.get(id));
    }
  });
});
