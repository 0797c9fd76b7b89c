import { expect, it } from 'vitest';
import { exampleArgs } from '../../../../../functions/console/pages/tasks/example-args.ts';
import { inSeconds, rateText, retryText, scheduleText } from '../../../../../functions/console/pages/tasks/wording.ts';

it('makes arguments to begin with from the required properties of a schema', () => {
  const schema = {
    type: 'object',
    properties: {
      order: { type: 'string' },
      count: { type: 'integer', minimum: 1 },
      kind: { enum: ['new', 'old'] },
      to: { type: 'object', properties: { name: { type: ['string', 'null'] } }, required: ['name'] },
      tags: { type: 'array' },
      note: { type: 'string' },
      urgent: { type: 'boolean', default: true },
    },
    required: ['order', 'count', 'kind', 'to', 'tags', 'urgent', 'unknown'],
  };
  expect(exampleArgs(schema)).toEqual({
    ...{ order: '', count: 1, kind: 'new', to: { name: '' }, tags: [], urgent: true },
    unknown: {},
  });
  expect(exampleArgs(null)).toEqual({});
  expect(exampleArgs({ anyOf: [{ type: 'string' }, { type: 'null' }] })).toBe('');
});

it('says limits and times in words with their units', () => {
  expect([90, 300, 3_600, 604_800, 0.5].map(inSeconds)).toEqual(['90 s', '5 min', '1 h', '7 d', '0.5 s']);
  expect([rateText({ per_second: 20 }), rateText({ per_hour: 5 }), rateText(null)]).toEqual(['20/s', '5/h', undefined]);
  expect(retryText({ attempts: 5, backoff: 'exponential', delay_seconds: 2, max_delay_seconds: 900 })).toBe(
    '5 attempts, up to 2 s, doubled until 15 min',
  );
  expect(retryText({ attempts: 3, backoff: 'fixed', delay_seconds: 60, max_delay_seconds: 900 })).toBe(
    '3 attempts, 1 min apart',
  );
  expect(scheduleText({ every_seconds: 300 })).toBe('every 5 min');
  expect(scheduleText({ expression: '0 6 * * MON', time_zone: 'Europe/Berlin' })).toBe('0 6 * * MON Europe/Berlin');
});
