import { expect, it } from 'vitest';
import { pageFor } from '../../../../../functions/console/pages/now/finding-link.ts';
import { parseRoute } from '../../../../../functions/console/router.ts';

const ID = '0193a0f5-0000-4000-8000-000000000001';
const at = Date.parse('2026-11-22T12:00:00Z');
const linkOf = (check: string, text = '', advice = '', level: 'ok' | 'problem' | 'unknown' = 'problem') =>
  pageFor({ check, level, text, advice }, at)?.href;

it('a finding leads to the page that does what its advice says', () => {
  expect(linkOf('dead letters')).toBe('#/queues');
  expect(linkOf('broadcasts', `"May" (${ID}) has been paused for 1 h`, `sendoff broadcast resume ${ID} goes on`)).toBe(
    `#/broadcasts/${ID}`,
  );
  expect(parseRoute(linkOf('waiting emails') ?? '')).toEqual({
    page: 'emails',
    path: [],
    query: { status: 'queued,scheduled', since: '2026-11-21T12:00:00.000Z', until: '2026-11-22T11:30:00.000Z' },
  });
});

it('what the console cannot do, what is well and what is not known has no link', () => {
  expect(linkOf('sending', 'nothing is sent')).toBeUndefined();
  expect(linkOf('dead letters', 'none', '', 'ok')).toBeUndefined();
  expect(linkOf('dead letters', 'could not be examined', '', 'unknown')).toBeUndefined();
});
