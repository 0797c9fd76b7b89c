import { describe, expect, it } from 'vitest';
import {
  createSignInThrottle,
  MOST_FAILURES,
  networkOf,
  WINDOW_MS,
} from '../../../../functions/core/access/sign-in-throttle.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const setUp = () => {
  const clock = { nowMs: Date.parse('2026-11-22T12:05:00Z') };
  const backend = createMemoryBackend({ now: () => clock.nowMs });
  const begin = createSignInThrottle(backend.table, () => clock.nowMs);
  const isRefused = async (address: string) => 'waitSeconds' in (await begin(address));
  const fail = async (address: string, times: number) => {
    for (let n = 0; n < times; n++) expect(await isRefused(address)).toBe(false);
  };
  return { clock, backend, begin, isRefused, fail };
};

describe('failed sign-ins', () => {
  it(`are limited to ${MOST_FAILURES} from one address until the window ends`, async () => {
    const { clock, begin, fail } = setUp();
    await fail('192.0.2.1', MOST_FAILURES);
    expect(await begin('192.0.2.1')).toEqual({ waitSeconds: 600 });
    await fail('192.0.2.2', 1);
    clock.nowMs += 600_000;
    await fail('192.0.2.1', MOST_FAILURES);
    expect(await begin('192.0.2.1')).toEqual({ waitSeconds: WINDOW_MS / 1_000 });
  });

  it('are no more if they are made at once', async () => {
    const { isRefused } = setUp();
    const refused = await Promise.all(Array.from({ length: 50 }, () => isRefused('192.0.2.1')));
    expect(refused.filter((one) => !one)).toHaveLength(MOST_FAILURES);
  });

  it('do not count when they succeed', async () => {
    const { begin } = setUp();
    for (let n = 0; n < 3 * MOST_FAILURES; n++) {
      const attempt = await begin('192.0.2.1');
      if ('waitSeconds' in attempt) throw new Error(`refused after ${n}`);
      await attempt.succeeded();
    }
  });
});

describe('the network of an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['unknown', 'unknown'],
  ])('of %s is %s', (address, network) => expect(networkOf(address)).toBe(network));
});
