import { describe, expect, it } from 'vitest';
import { linkTo, parseRoute } from '../../../functions/console/router.ts';

describe('a route', () => {
  it.each([
    ['', { page: 'now', path: [], query: {} }],
    ['#/', { page: 'now', path: [], query: {} }],
    ['#/emails', { page: 'emails', path: [], query: {} }],
    ['#/emails/abc', { page: 'emails', path: ['abc'], query: {} }],
    ['#/emails?status=failed&to=a%40b.com', { page: 'emails', path: [], query: { status: 'failed', to: 'a@b.com' } }],
    ['#/templates/order%2Fpaid?q=a?b', { page: 'templates', path: ['order/paid'], query: { q: 'a?b' } }],
    ['#/emails/%E0%A4%A', { page: 'emails', path: ['%E0%A4%A'], query: {} }],
  ])('is read from the hash %s', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
  });

  it('is found again in the link to it, whatever its parts contain', () => {
    const route = { page: 'audience', path: ['contacts', 'a/b?c#d@e.com'], query: { q: 'x & y=z', tag: 'ä:ö' } };
    expect(parseRoute(linkTo(route.page, ...route.path, route.query))).toEqual(route);
  });

  it('leaves empty values of the query out', () => {
    expect(linkTo('emails', { status: '', to: undefined })).toBe('#/emails');
  });
});
