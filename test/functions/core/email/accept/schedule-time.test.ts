import { describe, expect, it } from 'vitest';
import { parseScheduledAt } from '../../../../../functions/core/email/accept/schedule-time.ts';

/** A Saturday. */
const nowMs = Date.parse('2026-11-21T00:00:00Z');
const parse = async (text: string) => new Date(await parseScheduledAt(text, nowMs)).toISOString();

describe('parseScheduledAt', () => {
  it.each([
    ['2026-12-01T10:00:00Z', '2026-12-01T10:00:00.000Z'],
    ['2026-12-01T10:00Z', '2026-12-01T10:00:00.000Z'],
    ['2026-12-01T10:00:00.123Z', '2026-12-01T10:00:00.123Z'],
    ['2026-12-01T10:00:00.123456Z', '2026-12-01T10:00:00.123Z'],
    ['2026-12-01T10:00:00+02:00', '2026-12-01T08:00:00.000Z'],
    ['2026-12-01T10:00:00-0530', '2026-12-01T15:30:00.000Z'],
    ['2026-12-01 10:00:00.000000+00:00', '2026-12-01T10:00:00.000Z'],
    ['2026-12-01t10:00:00z', '2026-12-01T10:00:00.000Z'],
    [' 2026-12-01T10:00:00Z ', '2026-12-01T10:00:00.000Z'],
    ['2026-11-30T23:59:59Z', '2026-11-30T23:59:59.000Z'],
  ])('reads %s', async (text, at) => {
    expect(await parse(text)).toBe(at);
  });

  it.each([
    ['in 1 min', '2026-11-21T00:01:00.000Z'],
    ['in 90 seconds', '2026-11-21T00:01:30.000Z'],
    ['In 1.5 hours', '2026-11-21T01:30:00.000Z'],
    ['in 1 hour 30 minutes', '2026-11-21T01:30:00.000Z'],
    ['5 minutes from now', '2026-11-21T00:05:00.000Z'],
    ['tomorrow at 9am', '2026-11-22T09:00:00.000Z'],
    ['at 9am tomorrow', '2026-11-22T09:00:00.000Z'],
    ['tomorrow at 9am PST', '2026-11-22T17:00:00.000Z'],
    ['on December 5', '2026-12-05T12:00:00.000Z'],
    ['next monday', '2026-11-23T12:00:00.000Z'],
    ['Sat, 05 Dec 2026 10:00:00 +0100', '2026-12-05T09:00:00.000Z'],
    ['now', '2026-11-21T00:00:00.000Z'],
  ])('reads %j in UTC', async (text, at) => {
    expect(await parse(text)).toBe(at);
  });

  it.each([
    '',
    ' ',
    'hello',
    'soon',
    '1798675200',
    '2026-12-01',
    '2026-12-01T10:00:00',
    '2026-13-01T10:00:00Z',
    '2026-11-31T10:00:00Z',
    '2026-12-32T10:00:00Z',
    '2026-12-00T10:00:00Z',
    '2026-12-01T25:00:00Z',
    '2026-12-01T10:60:00Z',
    '2026-12-01T10:00:00+25:00',
    '2026-12-01T10:00:00 Z or so',
    'in an hour and a half',
    'tomorrow or the day after',
    'monday or tuesday',
    'not before tomorrow 9am',
    'friday 5pm Europe/Berlin',
  ])('refuses %j instead of guessing', async (text) => {
    await expect(parse(text)).rejects.toMatchObject({
      status: 422,
      code: 'invalid_parameter',
      message: expect.stringContaining('ISO 8601 with a time zone'),
    });
  });

  it('takes a time up to a minute in the past, not more', async () => {
    expect(await parse('2026-11-20T23:59:00Z')).toBe('2026-11-20T23:59:00.000Z');
    await expect(parse('2026-11-20T23:58:59.999Z')).rejects.toThrow('it is in the past');
    await expect(parse('yesterday')).rejects.toThrow('it is in the past');
  });

  it('takes a time up to 30 days ahead, not more', async () => {
    expect(await parse('2026-12-21T00:00:00Z')).toBe('2026-12-21T00:00:00.000Z');
    expect(await parse('in 30 days')).toBe('2026-12-21T00:00:00.000Z');
    await expect(parse('2026-12-21T00:00:00.001Z')).rejects.toThrow('more than 30 days ahead');
    await expect(parse('in 31 days')).rejects.toThrow('more than 30 days ahead');
  });
});
