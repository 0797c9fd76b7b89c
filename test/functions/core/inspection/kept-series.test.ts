import { describe, expect, it } from 'vitest';
import { keepSeries } from '../../../../functions/core/inspection/kept-series.ts';
import type { SeriesRequest, SeriesSource } from '../../../../functions/core/ports/series.ts';

const MINUTE_MS = 60_000;

function setUp({ keepMs = 3 * MINUTE_MS } = {}) {
  const clock = { nowMs: 1_000 * MINUTE_MS };
  const asked: (SeriesRequest | readonly string[])[] = [];
  const source = {
    failure: undefined as Error | undefined,
    read: async (request: SeriesRequest) => {
      asked.push(request);
      if (source.failure) throw source.failure;
      return new Map();
    },
    ages: async (queues: readonly string[]) => {
      asked.push(queues);
      if (source.failure) throw source.failure;
      return new Map(queues.map((queue) => [queue, 7] as const));
    },
  };
  const kept = keepSeries(source as SeriesSource, { now: () => clock.nowMs, keepMs });
  /** The last hour, by minutes. */
  const request = (more: Partial<SeriesRequest> = {}): SeriesRequest => ({
    names: ['sent', 'failed'],
    granularity: 'minute',
    fromMs: clock.nowMs - 60 * MINUTE_MS,
    toMs: clock.nowMs + MINUTE_MS,
    ...more,
  });
  return { clock, asked, source, kept, request };
}

describe('kept series', () => {
  it('answer a page that asks for another hour each minute without asking, until they are old', async () => {
    const { clock, asked, kept, request } = setUp();
    await kept.read(request());
    for (const _minute of [1, 2]) {
      clock.nowMs += MINUTE_MS;
      await kept.read(request({ names: ['failed'] }));
    }
    expect(asked).toHaveLength(1);
    clock.nowMs += MINUTE_MS;
    await kept.read(request());
    expect(asked).toHaveLength(2);
  });

  it.each<[string, (request: SeriesRequest) => Partial<SeriesRequest>]>([
    ['another name', () => ({ names: ['sent', 'accepted'] })],
    ['other periods', () => ({ granularity: 'hourly' })],
    ['an earlier start', ({ fromMs }) => ({ fromMs: fromMs - MINUTE_MS })],
    ['another API', () => ({ api: { id: 'other' } })],
  ])('are asked for %s', async (_what, change) => {
    const { asked, kept, request } = setUp();
    await kept.read(request());
    await kept.read(request(change(request())));
    expect(asked).toHaveLength(2);
  });

  it('of the past do not answer for what came later', async () => {
    const { clock, asked, kept, request } = setUp();
    await kept.read(request({ toMs: clock.nowMs - 30 * MINUTE_MS }));
    await kept.read(request());
    expect(asked).toHaveLength(2);
  });

  it('keep a failure for ten seconds: whoever throttles is not asked at once', async () => {
    const { clock, asked, source, kept, request } = setUp();
    source.failure = new Error('Throttling');
    await expect(kept.read(request())).rejects.toThrow('Throttling');
    clock.nowMs += 9_000;
    await expect(kept.read(request())).rejects.toThrow('Throttling');
    expect(asked).toHaveLength(1);
    clock.nowMs += 1_000;
    source.failure = undefined;
    await kept.read(request());
    expect(asked).toHaveLength(2);
  });

  it('keep ages by queue, those that are not known too', async () => {
    const { clock, asked, source, kept } = setUp();
    expect(await kept.ages(['bulk'])).toEqual(new Map([['bulk', 7]]));
    expect(await kept.ages(['bulk', 'webhook'])).toEqual(
      new Map([
        ['bulk', 7],
        ['webhook', 7],
      ]),
    );
    expect(asked).toEqual([['bulk'], ['webhook']]);
    clock.nowMs += 3 * MINUTE_MS;
    source.failure = new Error('denied');
    await expect(kept.ages(['bulk'])).rejects.toThrow('denied');
    expect(await kept.ages(['bulk'])).toEqual(new Map([['bulk', 7]]));
    expect(asked).toHaveLength(3);
  });

  it('always ask where a question costs nothing', async () => {
    const { asked, kept, request } = setUp({ keepMs: 0 });
    await kept.read(request());
    await kept.read(request());
    expect(asked).toHaveLength(2);
  });
});
