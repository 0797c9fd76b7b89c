import { describe, expect, it } from 'vitest';
import { instantsOf, localTimeOf } from '../../../../functions/core/clock/local-time.ts';
import { nextTick, problemOf } from '../../../../functions/core/clock/tick-times.ts';

/** The next ticks after this time, in ISO 8601 without seconds. */
async function ticks(expression: string, timeZone: string, after: string, count: number): Promise<string[]> {
  const found: string[] = [];
  for (let atMs = Date.parse(after); found.length < count; ) {
    atMs = (await nextTick({ expression, timeZone }, atMs)) ?? Number.NaN;
    found.push(new Date(atMs).toISOString().slice(0, 16));
  }
  return found;
}

describe('the ticks of a cron expression', () => {
  it('are at a local time, in summer and in winter', async () => {
    expect(await ticks('0 6 * * MON', 'Europe/Berlin', '2026-03-20T00:00Z', 3)).toEqual([
      '2026-03-23T05:00',
      '2026-03-30T04:00',
      '2026-04-06T04:00',
    ]);
    expect(await ticks('0 9 1 * *', 'America/New_York', '2026-02-15T00:00Z', 2)).toEqual([
      '2026-03-01T14:00',
      '2026-04-01T13:00',
    ]);
    expect(await ticks('15 3 * * *', 'Asia/Kolkata', '2026-02-15T00:00Z', 1)).toEqual(['2026-02-15T21:45']);
  });

  it('skip a local time that does not exist', async () => {
    expect(await ticks('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00Z', 2)).toEqual([
      '2026-03-28T01:30',
      '2026-03-30T00:30',
    ]);
    expect(await ticks('30 2,4 * * *', 'Europe/Berlin', '2026-03-29T00:00Z', 2)).toEqual([
      '2026-03-29T02:30',
      '2026-03-30T00:30',
    ]);
    expect(await ticks('0 2 29 3 *', 'Europe/Berlin', '2026-01-01T00:00Z', 1)).toEqual(['2027-03-29T00:00']);
  });

  it('have a local time that exists twice once, the first', async () => {
    expect(await ticks('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    expect(await ticks('*/30 1-3 * * *', 'Europe/Berlin', '2026-10-25T00:00Z', 4)).toEqual([
      '2026-10-25T00:30',
      '2026-10-25T02:00',
      '2026-10-25T02:30',
      '2026-10-26T00:00',
    ]);
    // Asked for in the repeated hour.
    expect(await ticks('30 2 * * *', 'Europe/Berlin', '2026-10-25T01:10Z', 1)).toEqual(['2026-10-26T01:30']);
    // Half an hour is turned back here.
    expect(await ticks('45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00Z', 2)).toEqual([
      '2026-04-04T14:45',
      '2026-04-05T15:15',
    ]);
  });

  it('are in every hour that passes where the hour is `*`', async () => {
    expect(await ticks('0 * * * *', 'Europe/Berlin', '2026-10-25T00:30Z', 3)).toEqual([
      '2026-10-25T01:00',
      '2026-10-25T02:00',
      '2026-10-25T03:00',
    ]);
    expect(await ticks('*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:15Z', 3)).toEqual([
      '2026-03-29T00:30',
      '2026-03-29T01:00',
      '2026-03-29T01:30',
    ]);
  });

  it('end where there are no more', async () => {
    expect(await nextTick({ expression: '0 0 31 2 *', timeZone: 'UTC' }, Date.now())).toBeUndefined();
  });

  it('agree with a search by quarters of an hour around the changes of the year', async () => {
    for (const [expression, hours, minutes] of [
      ['30 2 * * *', [2], [30]],
      ['0,45 0-3 * * *', [0, 1, 2, 3], [0, 45]],
    ] as const)
      for (const timeZone of ['Europe/Berlin', 'Australia/Lord_Howe'])
        for (const day of ['2026-03-28', '2026-04-04', '2026-10-03', '2026-10-24']) {
          const fromMs = Date.parse(`${day}T00:00Z`);
          const seen = new Set<number>();
          const searched: string[] = [];
          for (let atMs = fromMs - 86_400_000; atMs <= fromMs + 2 * 86_400_000; atMs += 900_000) {
            const localMs = localTimeOf(atMs, timeZone);
            const local = new Date(localMs);
            const matches =
              hours.some((hour) => hour === local.getUTCHours()) &&
              minutes.some((minute) => minute === local.getUTCMinutes());
            if (matches && !seen.has(localMs) && atMs > fromMs)
              searched.push(new Date(atMs).toISOString().slice(0, 16));
            seen.add(localMs);
          }
          expect(
            await ticks(expression, timeZone, `${day}T00:00Z`, searched.length),
            `${expression} ${timeZone} ${day}`,
          ).toEqual(searched);
        }
  });
});

describe('every', () => {
  it('ticks at multiples since 1970, so that a deployment does not move it', async () => {
    const atMs = Date.parse('2026-11-22T10:07:30Z');
    expect(await nextTick({ everySeconds: 300 }, atMs)).toBe(Date.parse('2026-11-22T10:10:00Z'));
    expect(await nextTick({ everySeconds: 86_400 }, atMs)).toBe(Date.parse('2026-11-23T00:00:00Z'));
    expect(await nextTick({ everySeconds: 300 }, Date.parse('2026-11-22T10:10:00Z'))).toBe(
      Date.parse('2026-11-22T10:15:00Z'),
    );
  });
});

describe('a clock that cannot be', () => {
  it.each([
    ['61 * * * *', 'UTC', /61/],
    ['* * * *', 'UTC', /five/],
    ['* * * * * *', 'UTC', /5 parts/],
    ['0 0 31 2 *', 'UTC', /no tick/],
    ['0 6 * * *', 'Mars/Base', /Mars\/Base/],
    ['0 * * * *', 'Mars/Base', /Mars\/Base/],
  ])('is explained: %s %s', async (expression, timeZone, words) => {
    expect(await problemOf({ expression, timeZone })).toMatch(words);
  });

  it('is not one that can', async () => {
    expect(await problemOf({ expression: '0 6 * * MON-FRI', timeZone: 'Europe/Berlin' })).toBeUndefined();
    expect(await problemOf({ everySeconds: 60 })).toBeUndefined();
    expect(await problemOf({ everySeconds: 59 })).toMatch(/once a minute/);
  });
});

describe('a local time', () => {
  it('has one moment, none, or two', () => {
    const at = (text: string) =>
      instantsOf(Date.parse(text), 'Europe/Berlin').map((ms) => new Date(ms).toISOString().slice(0, 16));
    expect(at('2026-07-01T12:00Z')).toEqual(['2026-07-01T10:00']);
    expect(at('2026-03-29T02:30Z')).toEqual([]);
    expect(at('2026-10-25T02:30Z')).toEqual(['2026-10-25T00:30', '2026-10-25T01:30']);
  });
});
